import 'reflect-metadata'
import { Gauge } from 'prom-client'
import { domains } from '#domains'
import { connectEventStore, eventStoreSettings } from '#event-store'
import { Leadership } from '#leadership'
import { migrateReadModels, openRedis, Projector, tablesOf } from '#read-models'
import { readModelSettings, redisSettings, startService } from '#runtime'

/** Folds the log into the read models. One instance owns the folding, others stand by. */
await startService('projector', { ...eventStoreSettings, ...readModelSettings, ...redisSettings }, async (service) => {
  const { config, logger, health, metrics, endpoint, onStop } = service
  const { PRIMARY_URL: url, REDIS_URL, HEADWATER_INSTANCE: holder } = config
  endpoint('read models', url)
  await migrateReadModels(url, tablesOf(domains))
  const store = await connectEventStore(service, domains)
  endpoint('redis', REDIS_URL)
  const redis = openRedis(REDIS_URL, logger)
  onStop('redis', () => redis.destroy())
  const leadership = new Leadership({ url, schema: 'headwater', name: 'projector', holder, logger })
  const projector = new Projector({ store, url, domains, redis, leadership, logger })
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
  return { module: { module: ProjectorModule } }
})
