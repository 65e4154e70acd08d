import { type DynamicModule, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Histogram, type Registry } from 'prom-client'
import { type Authenticator } from '../auth/authenticator.js'
import { AuthGuard } from '../auth/guard.js'
import { attachContext, contextFrom } from '../log/context.js'
import { type Logger } from '../log/logger.js'
import { nestLogger } from '../log/nest-logger.js'
import { answerClientError } from './client-error.js'
import { Connections } from './connections.js'
import { type Health } from './health.js'
import { otherMethods } from './other-methods.js'
import { readJsonBodies } from './json-body.js'
import { ProblemFilter, sendProblem } from './problem-filter.js'
import { readQuery, refuseMalformedQueries } from './query-string.js'
import { boundSlowBodies } from './slow-body.js'

export const BODY_BYTES_MAX = 1_048_576
/** What is asked all the time, by machines. */
const HEALTH: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics'])
/** Longest percent-encoded path segment: 255 characters of up to 12 characters each. */
const SEGMENT_LENGTH_MAX = 4_096
const BODY_MS_MAX = 60_000
const IDLE_MS_MAX = 60_000
/** Until a peer that has gone without a word is looked for, on a connection that may be quiet. */
const KEEP_ALIVE_MS = 60_000

export interface HttpServerOptions {
  readonly module: DynamicModule | Type
  readonly authenticator: Authenticator | undefined
  readonly health: Health
  readonly metrics: Registry
  readonly logger: Logger
  /** How long a body that is read whole may take. Default 60,000. */
  readonly body_ms_max?: number
  /** How long nothing may come or go on a connection while a request or its answer is under way. Default 60,000. */
  readonly idle_ms_max?: number
}

export interface HttpServer {
  readonly app: NestFastifyApplication
  /** Adds the last routes and begins to listen. */
  listen(port: number, host: string): Promise<void>
  /** Takes no more requests and answers those under way; who is still connected after so many ms is cut off. */
  close(patience_ms: number): Promise<void>
}

/** A Nest application on Fastify with health, metrics, problems and the guard; not listening yet. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { logger, body_ms_max = BODY_MS_MAX, idle_ms_max = IDLE_MS_MAX } = options
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: 'idle',
    connectionTimeout: idle_ms_max,
    http: { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
    routerOptions: { maxParamLength: SEGMENT_LENGTH_MAX, querystringParser: readQuery },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(error, request, reply, logger),
  })
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    logger: nestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  })
  const fastify = app.getHttpAdapter().getInstance()
  fastify.removeContentTypeParser('text/plain')
  readJsonBodies(fastify)
  const addOtherMethods = otherMethods(fastify)
  fastify.addHook('onRequest', (request, reply, done) => {
    if (HEALTH.has(request.url)) return done()
    const context = contextFrom(request.headers)
    attachContext(request, context)
    void reply.header('x-correlation-id', context.correlationId)
    done()
  })
  refuseMalformedQueries(fastify)
  boundSlowBodies(fastify, body_ms_max)
  measure(fastify, options.metrics)
  addHealthRoutes(fastify, options)
  app.useGlobalFilters(new ProblemFilter(logger))
  app.useGlobalGuards(new AuthGuard(options.authenticator))
  const connections = new Connections(fastify.server)
  return {
    app,
    listen: async (port, host) => {
      await app.init()
      addOtherMethods()
      await app.listen(port, host)
    },
    close: async (patience_ms) => {
      connections.cutUnused()
      const cut = (): void => logger.warn({ connections: connections.cut() }, 'cut off who was not done')
      const timer = setTimeout(cut, patience_ms)
      await app.close().finally(() => clearTimeout(timer))
    },
  }
}

function measure(fastify: FastifyInstance, metrics: Registry): void {
  const duration = new Histogram({
    name: 'headwater_http_request_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [metrics],
  })
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000)
    done()
  })
}

/** Health is open and says nothing that helps an attacker: names of parts and whether they answer. */
function addHealthRoutes(fastify: FastifyInstance, { health, metrics }: HttpServerOptions): void {
  fastify.get('/livez', async () => Promise.resolve({ live: true }))
  fastify.get('/readyz', async (_request, reply) => {
    const readiness = await health.readiness()
    return reply
      .status(readiness.ready ? 200 : 503)
      .headers(readiness.ready ? {} : { 'retry-after': '1' })
      .send(readiness)
  })
  fastify.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.metrics()),
  )
}
