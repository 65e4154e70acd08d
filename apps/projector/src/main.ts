import 'reflect-metadata'
import { Gauge } from 'prom-client'
import { domains } from '#domains'
import { aggregateNames } from '#domain-kit'
import { checkNeeds, connectLog, eventStoreSettings, NamesFold } from '#event-store'
import { Builds, migrateReadModels, openRedis, Projector, tablesOf } from '#read-models'
import { createAuthenticator, projectorTuning, readModelSettings, redisSettings, setting, startService } from '#runtime'
import { measureBuilds } from './build-metrics.js'
import { EventTails } from './event-tails.js'
import { EventsController, STORE } from './events-controller.js'
import { LogHead } from './log-head.js'
import { Progress } from './progress.js'
import { ProjectionsController } from './projections-controller.js'
import { toldOf } from './told-of-stops.js'

const settings = {
  ...eventStoreSettings,
  ...readModelSettings,
  ...redisSettings,
  ...projectorTuning,
  HEADWATER_OPERATOR_JWKS_URL: setting.url({
    description: "key set of the operators' tokens",
    schemes: ['file', 'http', 'https'],
  }),
} as const

/** Folds the log into the read models. All instances share the work. Shows operators the log and the projections. */
await startService('projector', settings, async (service) => {
  const { config, logger, health, metrics, endpoint, onStop, beforeStop } = service
  const { PRIMARY_URL: url, REDIS_URL, HEADWATER_INSTANCE: instance } = config
  endpoint('read models', url)
  await migrateReadModels(url, tablesOf(domains))
  const log = await connectLog(service)
  checkNeeds(domains, log.capabilities)
  if (config.EVENT_STORE === 'eventstoredb') {
    const names = new NamesFold({ store: log, url, logger })
    onStop('names', () => names.close())
    health.add('names', () => names.trouble)
  }
  endpoint('redis', REDIS_URL)
  const redis = openRedis(REDIS_URL, logger)
  onStop('redis', () => redis.destroy())
  const cache_bytes_max = config.CACHE_MIB * 1_048_576
  const projector = new Projector({ store: log, url, domains, redis, instance, logger, cache_bytes_max })
  onStop('projector', () => projector.close())
  projector.start()
  health.add('folding', () => projector.trouble)
  health.add('projections', () => toldOf(projector.stops))
  const head = new LogHead(log)
  const progress = new Progress({ projector, head })
  health.add('progress', () => progress.check())
  health.fact('leader', () => projector.lanes.length > 0)
  health.fact('lanes', () => projector.lanes.join(' '))
  health.fact('position', () => (projector.position ?? 0n).toString())
  new Gauge({
    name: 'headwater_projector_position',
    help: 'Last position folded into the read models',
    registers: [metrics],
    collect() {
      this.set(Number(projector.position ?? 0n))
    },
  })
  new Gauge({
    name: 'headwater_projector_lanes',
    help: 'Lanes of the log that this instance folds',
    registers: [metrics],
    collect() {
      this.set(projector.lanes.length)
    },
  })
  measureBuilds({ builds: projector.builds, head }, metrics)
  const tails = new EventTails()
  beforeStop('event tails', () => tails.end())
  class ProjectorModule {}
  return {
    module: {
      module: ProjectorModule,
      controllers: [EventsController, ProjectionsController],
      providers: [
        { provide: STORE, useValue: log },
        { provide: EventTails, useValue: tails },
        { provide: Builds, useValue: projector.builds },
        { provide: LogHead, useValue: head },
      ],
    },
    authenticator: await createAuthenticator({
      jwksUrl: config.HEADWATER_OPERATOR_JWKS_URL,
      issuer: 'headwater',
      audience: 'headwater',
      aggregates: aggregateNames(domains),
    }),
  }
})
