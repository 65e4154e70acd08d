import { mkdir } from 'node:fs/promises'
import { byStore, EVENTSTOREDB_SCHEMES, eventStoreSettings } from '#event-store'
import {
  baseSettings,
  type ConfigOf,
  ensureLocalKey,
  localJwksUrl,
  projectorTuning,
  queryTuning,
  setting,
  writerTuning,
} from '#runtime'
import { appComponent } from './app-component.js'
import { enrolAll, identityFolder, renewals } from './identities.js'
import { type DataLayout, dataLayout, type Ports, portsFrom } from './layout.js'
import { embeddedPostgres, type EmbeddedPostgres } from './postgres/components.js'
import { type Component } from './process/component.js'
import { embeddedRedis } from './redis/component.js'
import { ensureSecrets, type Notice, readSecrets } from './secrets.js'

/** Unless somebody wants to be told. */
const warn: Notice = (text) => process.emitWarning(text)

const postgres = ['postgres', 'postgresql']

/**
 * What a person may set to run the product locally. Each URL replaces the embedded part. What single roles read is here too: they find it in the
 * environment that they are started in, and a mistake in it is told before anything is started.
 */
export const localSettings = {
  HEADWATER_DATA: setting.text({
    description: 'folder of everything durable; the default is in the project',
    default: '.headwater/data',
  }),
  HEADWATER_PORT_BASE: setting.integer({
    description: 'first of a block of 100 ports',
    default: 7_400,
    min: 1_024,
    max: 65_400,
  }),
  EVENT_STORE: eventStoreSettings.EVENT_STORE,
  EVENT_STORE_URL: byStore({
    postgres: setting.optional(setting.url({ description: 'database of the log', schemes: postgres })),
    eventstoredb: setting.clusterUrl({ description: 'EventStoreDB cluster', schemes: EVENTSTOREDB_SCHEMES }),
  }),
  EVENT_STORE_PREFIX: eventStoreSettings.EVENT_STORE_PREFIX,
  PRIMARY_URL: setting.optional(setting.url({ description: 'database of the read models', schemes: postgres })),
  REPLICA_URLS: setting.urls({
    description: 'replicas of the read models, comma-separated',
    default: [],
    schemes: postgres,
  }),
  HEADWATER_REPLICAS: setting.integer({
    description: 'embedded streaming replicas',
    default: 1,
    min: 1,
    max: 4,
  }),
  REDIS_URL: setting.optional(setting.url({ description: 'Redis', schemes: ['redis', 'rediss'] })),
  HEADWATER_JWKS_URL: setting.optional(
    setting.url({ description: 'key set that tokens are checked with', schemes: ['file', 'http', 'https'] }),
  ),
  HEADWATER_JWT_ISSUER: setting.text({ description: 'issuer of tokens', default: 'headwater' }),
  HEADWATER_JWT_AUDIENCE: setting.text({ description: 'audience of tokens', default: 'headwater' }),
  LOG_LEVEL: baseSettings.LOG_LEVEL,
  HEADWATER_DRAIN_MS: baseSettings.HEADWATER_DRAIN_MS,
  EVENT_STORE_POOL: eventStoreSettings.EVENT_STORE_POOL,
  ...writerTuning,
  ...projectorTuning,
  ...queryTuning,
} as const

export type LocalConfig = ConfigOf<typeof localSettings>

export interface Urls {
  readonly commands: string
  readonly queries: string
  readonly live: string
  readonly docs: readonly string[]
}

/** Everything that one instance of the product consists of, in start order; a planned stop goes `stopOrder`. */
export interface LocalPlan {
  readonly layout: DataLayout
  readonly ports: Ports
  readonly urls: Urls
  readonly components: readonly Component[]
  /** Names of components in waves: each wave starts when the one before is ready. */
  readonly startOrder: readonly (readonly string[])[]
  /** Roles: who talks to users first, who keeps the data last. Of several in one role the leader stops last. */
  readonly stopOrder: readonly string[]
  /** Which role's health tells, as which fact, the position of the last event in the log. */
  readonly headTold: { readonly role: string; readonly fact: string }
}

/**
 * Of the log's database, which whoever looks after it may reach without any role.
 *
 * @throws Error when the log is in no database, or there is none yet.
 */
export async function localLogUrl(
  config: Pick<LocalConfig, 'EVENT_STORE' | 'EVENT_STORE_URL'>,
  layout: DataLayout,
  ports: Ports,
): Promise<string> {
  if (config.EVENT_STORE !== 'postgres')
    throw new Error(
      `the log is in ${config.EVENT_STORE}, which looks after it itself: this is for EVENT_STORE=postgres`,
    )
  if (config.EVENT_STORE_URL !== undefined) return config.EVENT_STORE_URL
  const secrets = await readSecrets(layout)
  if (!secrets) throw new Error(`there is no log yet: nothing was ever started with the data folder ${layout.root}`)
  return embeddedPostgres(layout, ports, secrets).logUrl
}

export function urlsOf(ports: Ports): Urls {
  const commands = `http://127.0.0.1:${ports.commands}`
  const queries = `http://127.0.0.1:${ports.queries}`
  return { commands, queries, live: queries, docs: [`${commands}/docs`, `${queries}/docs`] }
}

/** Lays out keys and identities and says what is to run. Starts nothing. */
export async function localPlan(config: LocalConfig, notice = warn): Promise<LocalPlan> {
  const layout = dataLayout(config.HEADWATER_DATA)
  const ports = portsFrom(config.HEADWATER_PORT_BASE)
  for (const folder of [layout.root, layout.run, layout.logs]) await mkdir(folder, { recursive: true })
  await ensureLocalKey(layout.keys)
  const secrets = await ensureSecrets(layout, notice)
  const hasWriter = config.EVENT_STORE === 'postgres'
  const needsPostgres = (hasWriter && config.EVENT_STORE_URL === undefined) || config.PRIMARY_URL === undefined
  const embedded = needsPostgres ? embeddedPostgres(layout, ports, secrets, config.HEADWATER_REPLICAS) : undefined
  const redis = config.REDIS_URL === undefined ? embeddedRedis(layout.redis, ports.redis, secrets.redis) : undefined
  const env = environment(config, layout, ports, embedded, redis?.url ?? config.REDIS_URL ?? '')
  const needsReplicas = embedded && config.PRIMARY_URL === undefined && config.REPLICA_URLS.length === 0
  const replicas = needsReplicas ? embedded.replicas : []
  const servers = [...(embedded ? [embedded.primary] : []), ...(redis ? [redis.component] : []), ...replicas]
  // An EventStoreDB cluster's leader is the writer.
  const apps = appsOf(ports).filter(({ role }) => hasWriter || role !== 'event-writer')
  await enrolAll(
    layout,
    apps.filter(({ hasLinks }) => hasLinks),
  )
  const renew = renewals(layout)
  const components = apps.map((app) =>
    appComponent({
      ...app,
      env: {
        ...env,
        ...app.env,
        ...(app.hasLinks ? { HEADWATER_IDENTITY: identityFolder(layout, app.instance) } : {}),
      },
      drain_ms: config.HEADWATER_DRAIN_MS,
      prepare: () => (app.hasLinks ? renew(app) : Promise.resolve()),
    }),
  )
  return {
    layout,
    ports,
    urls: urlsOf(ports),
    components: [...servers, ...components],
    startOrder: startOrder(replicas.map(({ name }) => name)),
    stopOrder: STOP_ORDER,
    headTold: hasWriter ? { role: 'event-writer', fact: 'position' } : { role: 'command-api', fact: 'head' },
  }
}

/** The writer makes the log's schema: who reads the log comes after it. Three waves, because starting takes processors. */
function startOrder(replicas: readonly string[]): readonly (readonly string[])[] {
  return [
    ['postgres-primary', 'redis'],
    [...replicas, 'event-writer-1', 'event-writer-2', 'query-api-1'],
    ['projector-1', 'command-api-1', 'reporter-1', 'reactor-1'],
  ]
}

const STOP_ORDER = [
  ...['command-api', 'query-api', 'reactor', 'reporter', 'projector', 'event-writer'],
  ...['redis', 'postgres-replica', 'postgres-primary'],
]

interface App {
  readonly role: string
  readonly instance: string
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  /** Whoever has none gets no key: it could do nothing with it but harm. */
  readonly hasLinks: boolean
}

function appsOf(ports: Ports): readonly App[] {
  const linked = { env: {}, hasLinks: true }
  return [
    {
      ...linked,
      role: 'event-writer',
      instance: 'event-writer-1',
      port: ports.writer,
      env: { HEADWATER_LINK_PORT: String(ports.writerLink) },
    },
    {
      ...linked,
      role: 'event-writer',
      instance: 'event-writer-2',
      port: ports.writer2,
      env: { HEADWATER_LINK_PORT: String(ports.writerLink2) },
    },
    { ...linked, role: 'projector', instance: 'projector-1', port: ports.projector },
    { role: 'query-api', instance: 'query-api-1', port: ports.queries, env: {}, hasLinks: false },
    { ...linked, role: 'command-api', instance: 'command-api-1', port: ports.commands },
    { ...linked, role: 'reporter', instance: 'reporter-1', port: ports.reporter },
    { ...linked, role: 'reactor', instance: 'reactor-1', port: ports.reactor },
  ]
}

function environment(
  config: LocalConfig,
  layout: DataLayout,
  ports: Ports,
  embedded: EmbeddedPostgres | undefined,
  redisUrl: string,
): Record<string, string> {
  const primary = config.PRIMARY_URL ?? embedded?.readUrl ?? ''
  const own = config.PRIMARY_URL === undefined && embedded ? embedded.replicaReadUrls : [primary]
  return {
    HEADWATER_DATA: layout.root,
    HEADWATER_HOST: '127.0.0.1',
    LOG_LEVEL: config.LOG_LEVEL,
    EVENT_STORE: config.EVENT_STORE,
    EVENT_STORE_URL: config.EVENT_STORE_URL ?? embedded?.logUrl ?? '',
    EVENT_STORE_PREFIX: config.EVENT_STORE_PREFIX ?? '',
    PRIMARY_URL: primary,
    REPLICA_URLS: (config.REPLICA_URLS.length > 0 ? config.REPLICA_URLS : own).join(','),
    REDIS_URL: redisUrl,
    CACHE_MIB: String(config.CACHE_MIB),
    HEADWATER_WRITER: `127.0.0.1:${ports.writerLink},127.0.0.1:${ports.writerLink2}`,
    HEADWATER_ALLOW_LIST: layout.allowList,
    HEADWATER_OPERATOR_JWKS_URL: localJwksUrl(layout.keys),
    HEADWATER_JWKS_URL: config.HEADWATER_JWKS_URL ?? localJwksUrl(layout.keys),
    HEADWATER_JWT_ISSUER: config.HEADWATER_JWT_ISSUER,
    HEADWATER_JWT_AUDIENCE: config.HEADWATER_JWT_AUDIENCE,
    HEADWATER_COMMANDS_URL: `http://127.0.0.1:${ports.commands}`,
    HEADWATER_QUERIES_URL: `http://127.0.0.1:${ports.queries}`,
  }
}
