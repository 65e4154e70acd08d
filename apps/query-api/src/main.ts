import 'reflect-metadata'
import { IoAdapter } from '@nestjs/platform-socket.io'
import { domains } from '#domains'
import { aggregateNames } from '#domain-kit'
import { serveDocs } from '#http-api'
import { Carriers, Exporter, Feed, openRedis, Reader, ResourceCatalogue, Sources, tablesOf } from '#read-models'
import {
  authSettings,
  createAuthenticator,
  queryTuning,
  readModelSettings,
  redisSettings,
  setting,
  startService,
} from '#runtime'
import { ExportSlots } from './export/export-slots.js'
import { LiveGateway } from './live/gateway.js'
import { openLive } from './live/open-live.js'
import { LiveSessions } from './live/sessions.js'
import { measureOpen } from './live-metrics.js'
import { controllersOf, liveReadsMax, page } from './query-api.js'
import { replicaMetrics, replicaProgress } from './replica-progress.js'

const settings = {
  ...authSettings,
  ...readModelSettings,
  ...redisSettings,
  ...queryTuning,
  REPLICA_URLS: setting.urls({
    description: 'databases that queries read, comma-separated',
    schemes: ['postgres', 'postgresql'],
  }),
  HEADWATER_COMMANDS_URL: setting.url({ description: 'origin of the command API', schemes: ['http', 'https'] }),
} as const

/** Queries and live subscriptions: Redis first, then a replica. Any number of instances. */
await startService('query-api', settings, async (service) => {
  const { config, logger, health, metrics, endpoint, onStop, beforeStop } = service
  for (const url of config.REPLICA_URLS) endpoint('replica', url)
  endpoint('redis', config.REDIS_URL)
  const sources = new Sources({
    replicaUrls: config.REPLICA_URLS,
    primaryUrl: config.PRIMARY_URL,
    primary: config.READ_PRIMARY,
    pool_max: config.QUERY_POOL,
    streams_max: config.QUERY_EXPORTS,
    logger,
  })
  onStop('sources', () => sources.close())
  const redis = openRedis(config.REDIS_URL, logger)
  onStop('redis', () => redis.destroy())
  const carriers = new Carriers(tablesOf(domains), (text, values) => sources.rows(text, values), logger)
  onStop('carriers', () => carriers.close())
  await carriers.start()
  const reader = new Reader({ sources, carriers, redis, logger })
  const slots = new ExportSlots({ running_max: config.QUERY_EXPORTS })
  const tools = { reader, slots, exporter: new Exporter({ reader, sources }) }
  const feed = new Feed({ url: config.REDIS_URL, fleets: () => carriers.all, logger })
  onStop('feed', () => feed.close())
  feed.on('batch', ({ position }) => sources.expect(position))
  const catalogue = new ResourceCatalogue(domains)
  const authenticator = await createAuthenticator({
    jwksUrl: config.HEADWATER_JWKS_URL,
    issuer: config.HEADWATER_JWT_ISSUER,
    audience: config.HEADWATER_JWT_AUDIENCE,
    aggregates: aggregateNames(domains),
  })
  const { hub, sessions } = openLive({
    ...{ feed, carriers, reader, catalogue, authenticator, logger },
    limits: {
      sockets_max: config.LIVE_SOCKETS_PER_SUBJECT,
      subscriptions_max: config.LIVE_SUBSCRIPTIONS_PER_SUBJECT,
    },
    reads_max: liveReadsMax(sources),
  })
  // The other half is for what is closed after it.
  beforeStop('live', () => sessions.drain(config.HEADWATER_DRAIN_MS / 2))
  beforeStop('exports', () => slots.drain())
  const progress = replicaProgress(sources, domains)
  health.add('replica', () => progress.check())
  replicaMetrics(sources, metrics)
  health.add('builds', () => carriers.trouble)
  // Without Redis queries are answered all the same, and watchers begin anew when it is back.
  health.fact('feed', () => feed.isLive)
  health.fact('position', () => progress.position.toString())
  measureOpen({ sockets: () => sessions.size, subscriptions: () => hub.size, exports: () => slots.size }, metrics)
  class QueryApi {}
  return {
    module: {
      module: QueryApi,
      controllers: [...controllersOf(catalogue, tools, config.HEADWATER_COMMANDS_URL)],
      providers: [
        LiveGateway,
        { provide: LiveSessions, useValue: sessions },
        { provide: Reader, useValue: reader },
        { provide: Sources, useValue: sources },
        { provide: ResourceCatalogue, useValue: catalogue },
      ],
    },
    authenticator,
    configure: async (app) => {
      app.useWebSocketAdapter(new IoAdapter(app))
      await serveDocs(app, page())
    },
  }
})
