import 'reflect-metadata'
import { type DynamicModule, type Type } from '@nestjs/common'
import { type NestFastifyApplication } from '@nestjs/platform-fastify'
import { Registry } from 'prom-client'
import { type Authenticator } from '../auth/authenticator.js'
import { baseSettings } from '../config/base-settings.js'
import { type ConfigOf, parseConfig, type Settings, withoutCredentials } from '../config/parse-config.js'
import { createLogger, type Logger, reasonOf } from '../log/logger.js'
import { Health } from './health.js'
import { createHttpServer, type HttpServer } from './http-server.js'
import { processMetrics } from './process-metrics.js'

type Step = readonly [name: string, run: () => Promise<void> | void]

/** What a role gets to build itself with. */
export interface ServiceContext<C> {
  readonly config: C
  readonly logger: Logger
  readonly health: Health
  readonly metrics: Registry
  /** Runs first in a planned stop, while requests are still answered. */
  beforeStop(name: string, run: Step[1]): void
  /**
   * Runs after the last request was answered, or cut off after a third of `HEADWATER_DRAIN_MS`; latest registration first: what was opened last
   * is closed first.
   */
  onStop(name: string, run: Step[1]): void
  /** Writes one start-up line: what this process is about to talk to. */
  endpoint(name: string, address: string): void
}

export interface ServiceParts {
  readonly module: DynamicModule | Type
  readonly authenticator?: Authenticator
  /** Last touches before listening: websocket adapters, docs. */
  configure?(app: NestFastifyApplication): Promise<void> | void
  /** The port is ours: what must not begin twice begins here. */
  onListening?(): void
}

export type Config<S extends Settings> = ConfigOf<S & typeof baseSettings>

/**
 * Runs one role as this process: configuration, log, health, metrics, HTTP, planned stop (SIGTERM, SIGINT). A start
 * that fails says why on stderr and exits 1; a stop ends with exit 0, bounded by `HEADWATER_DRAIN_MS`.
 */
export async function startService<const S extends Settings>(
  role: string,
  settings: S,
  build: (context: ServiceContext<Config<S>>) => Promise<ServiceParts>,
): Promise<void> {
  const config = configured(role, settings)
  const logger = createLogger({ role, instance: config.HEADWATER_INSTANCE, level: config.LOG_LEVEL })
  try {
    await run(role, config, logger, build)
  } catch (error) {
    logger.fatal({ reason: reasonOf(error) }, 'does not start')
    process.exit(1)
  }
}

/** Before there is a configuration there is no log: its mistakes go to stderr as they are, one a line. */
function configured<const S extends Settings>(role: string, settings: S): Config<S> & ConfigOf<typeof baseSettings> {
  try {
    return parseConfig({ ...baseSettings, ...settings }, process.env)
  } catch (error) {
    process.stderr.write(`${role} does not start: ${reasonOf(error)}\n`)
    process.exit(1)
  }
}

async function run<C extends ConfigOf<typeof baseSettings>>(
  role: string,
  config: C,
  logger: Logger,
  build: (context: ServiceContext<C>) => Promise<ServiceParts>,
): Promise<void> {
  const health = new Health()
  const metrics = new Registry()
  metrics.setDefaultLabels({ role, instance: config.HEADWATER_INSTANCE })
  processMetrics(metrics)
  const running: { server?: HttpServer } = {}
  const first: Step[] = []
  const last: Step[] = []
  let stopping = false
  const stop = async (why: string): Promise<void> => {
    if (stopping) return
    stopping = true
    const end_ms = Date.now() + config.HEADWATER_DRAIN_MS
    logger.info({ why }, 'stopping')
    setTimeout(() => {
      logger.error({ after_ms: config.HEADWATER_DRAIN_MS }, 'the planned stop took too long')
      process.exit(1)
    }, config.HEADWATER_DRAIN_MS).unref()
    // What comes after it must come: a lease or a lane that is not given back is missed by others.
    const patience_ms = (): number => Math.min(config.HEADWATER_DRAIN_MS / 3, Math.max(0, end_ms - Date.now()) / 2)
    const close: Step = ['http', () => running.server?.close(patience_ms())]
    for (const [name, step] of [...first, close, ...last.reverse()]) await settle(logger, name, step)
    logger.info({}, 'stopped')
    process.exit(0)
  }
  // Again and again: with nobody listening a second one, as of another controller that stops what is left, would end it at once.
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  health.add('serving', () => (stopping ? 'stopping' : undefined))
  const parts = await build({
    config,
    logger,
    health,
    metrics,
    beforeStop: (...step) => first.push(step),
    onStop: (...step) => last.push(step),
    endpoint: (name, address) => logger.info({ name, address: withoutCredentials(address) }, 'connects to'),
  })
  const server = await createHttpServer({
    module: parts.module,
    authenticator: parts.authenticator,
    health,
    metrics,
    logger,
  })
  running.server = server
  await parts.configure?.(server.app)
  await server.listen(config.HEADWATER_PORT, config.HEADWATER_HOST)
  logger.info({ url: `http://${config.HEADWATER_HOST}:${config.HEADWATER_PORT}` }, 'listening')
  parts.onListening?.()
}

async function settle(logger: Logger, name: string, step: Step[1]): Promise<void> {
  try {
    await step()
  } catch (error) {
    logger.warn({ name, reason: reasonOf(error) }, 'a step of the stop failed')
  }
}
