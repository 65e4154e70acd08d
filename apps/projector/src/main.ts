import 'reflect-metadata'
import { Gauge } from 'prom-client'
import { domains } from '#domains'
import { connectLog, eventStoreSettings, NamesFold, storeFor } from '#event-store'
import { Leadership } from '#leadership'
import { migrateReadModels, openRedis, Projector, tablesOf } from '#read-models'
import { createAuthenticator, readModelSettings, redisSettings, setting, startService } from '#runtime'
import { EventsController, STORE } from './events-controller.js'

const settings = {
  ...eventStoreSettings,
  ...readModelSettings,
  ...redisSettings,
  HEADWATER_OPERATOR_JWKS_URL: setting.url({
    description: "key set of the operators' tokens",
    schemes: ['file', 'http', 'https'],
  }),
  CACHE_MIB: setting.integer({ description: 'MiB of Redis for cached rows', default: 256, min: 1, max: 1_048_576 }),
} as const

/** Folds the log into the read models. One instance owns the folding, others stand by. Shows operators the log. */
await startService('projector', settings, async (service) => {
  const { config, logger, health, metrics, endpoint, onStop } = service
  const { PRIMARY_URL: url, REDIS_URL, HEADWATER_INSTANCE: holder } = config
  endpoint('read models', url)
  await migrateReadModels(url, tablesOf(domains))
  const log = await connectLog(service)
  const store = storeFor(domains, log)
  if (config.EVENT_STORE === 'eventstoredb') {
    const names = new NamesFold({ store: log, url, logger })
    onStop('names', () => names.close())
    health.add('names', () => names.trouble)
  }
  endpoint('redis', REDIS_URL)
  const redis = openRedis(REDIS_URL, logger)
  onStop('redis', () => redis.destroy())
  const leadership = new Leadership({ url, schema: 'headwater', name: 'projector', holder, logger })
  const projector = new Projector({
    store,
    url,
    domains,
    redis,
    leadership,
    logger,
    cache_bytes_max: config.CACHE_MIB * 1_048_576,
  })
  onStop('leadership', () => leadership.close())
  onStop('projector', () => projector.close())
  leadership.start()
  health.add('folding', () => projector.trouble)
  health.fact('leader', () => projector.position !== undefined)
  health.fact('position', () => (projector.position ?? 0n).toString())
  new Gauge({
    name: 'headwater_projector_position',
    help: 'Last position folded into the read models',
    registers: [metrics],
    collect() {
      this.set(Number(projector.position ?? 0n))
    },
  })
  class ProjectorModule {}
  return {
    module: {
      module: ProjectorModule,
      controllers: [EventsController],
      providers: [{ provide: STORE, useValue: log }],
    },
    authenticator: await createAuthenticator({
      jwksUrl: config.HEADWATER_OPERATOR_JWKS_URL,
      issuer: 'headwater',
      audience: 'headwater',
    }),
  }
})
