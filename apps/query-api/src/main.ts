import 'reflect-metadata'
import { IoAdapter } from '@nestjs/platform-socket.io'
import { Gauge } from 'prom-client'
import { domains } from '#domains'
import { forwardTo, openApi, serveDocs } from '#http-api'
import { Exporter, Feed, openRedis, Reader, ResourceCatalogue, Sources } from '#read-models'
import { authSettings, createAuthenticator, readModelSettings, redisSettings, setting, startService } from '#runtime'
import { ExportSlots } from './export/export-slots.js'
import { LiveGateway } from './live/gateway.js'
import { LiveHub } from './live/hub.js'
import { LiveSessions } from './live/sessions.js'
import { ReportResultsController } from './rest/report-results.js'
import { queryRoute } from './rest/query-route.js'
import { replicaProgress } from './replica-progress.js'

const settings = {
  ...authSettings,
  ...readModelSettings,
  ...redisSettings,
  REPLICA_URLS: setting.urls({
    description: 'databases that queries read, comma-separated',
    schemes: ['postgres', 'postgresql'],
  }),
  HEADWATER_COMMANDS_URL: setting.url({ description: 'origin of the command API', schemes: ['http', 'https'] }),
  READ_PRIMARY: setting.choice(['never', 'fallback'], {
    description: 'may a query read the primary when no replica is fresh enough',
    default: 'never',
  }),
  QUERY_POOL: setting.integer({ description: 'connections to each database', default: 8, min: 1, max: 200 }),
  QUERY_EXPORTS: setting.integer({
    description: 'exports at the same time, each with a connection to a replica of its own',
    default: 2,
    min: 1,
    max: 50,
  }),
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
  const reader = new Reader({ sources, redis, logger })
  const slots = new ExportSlots({ running_max: config.QUERY_EXPORTS })
  const tools = { reader, slots, exporter: new Exporter({ reader, sources }) }
  const feed = new Feed({ url: config.REDIS_URL, logger })
  onStop('feed', () => feed.close())
  const hub = new LiveHub(feed)
  const catalogue = new ResourceCatalogue(domains)
  const authenticator = await createAuthenticator({
    jwksUrl: config.HEADWATER_JWKS_URL,
    issuer: config.HEADWATER_JWT_ISSUER,
    audience: config.HEADWATER_JWT_AUDIENCE,
  })
  const sessions = new LiveSessions({ authenticator, catalogue, hub, reader, logger })
  beforeStop('live', () => sessions.drain())
  beforeStop('exports', () => slots.drain())
  const progress = replicaProgress(sources, domains)
  health.add('replica', () => progress.check())
  health.add('feed', () => (feed.isLive ? undefined : 'the change feed is not followed'))
  health.fact('position', () => progress.position.toString())
  const gauge = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(value())
      },
    })
  gauge('headwater_live_sockets', 'Connected sockets', () => sessions.size)
  gauge('headwater_live_subscriptions', 'Open subscriptions', () => hub.size)
  gauge('headwater_exports', 'Running exports', () => slots.size)
  class QueryApi {}
  return {
    module: {
      module: QueryApi,
      controllers: [ReportResultsController, ...catalogue.resources.map((each) => queryRoute(each, tools))],
      providers: [
        LiveGateway,
        { provide: LiveSessions, useValue: sessions },
        { provide: Reader, useValue: reader },
        { provide: Sources, useValue: sources },
        { provide: ResourceCatalogue, useValue: catalogue },
      ],
    },
    authenticator,
    configure: (app) => {
      app.useWebSocketAdapter(new IoAdapter(app))
      const fastify = app.getHttpAdapter().getInstance()
      // Asking for a report is a command; whoever asks here is answered all the same.
      fastify.post('/v1/reports/*', forwardTo(config.HEADWATER_COMMANDS_URL))
      serveDocs(app, openApi({ title: 'Headwater: queries', domains, part: 'queries' }))
    },
  }
})
