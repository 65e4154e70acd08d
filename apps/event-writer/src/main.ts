import 'reflect-metadata'
import { migrateLog, openPostgresStore, serveEventStore } from '#event-store'
import { Leadership } from '#leadership'
import { listen, loadAllowList, loadIdentity, watchAllowList } from '#mesh'
import { setting, startService, writerTuning } from '#runtime'
import { writerMetrics } from './writer-metrics.js'

const settings = {
  ...writerTuning,
  EVENT_STORE_URL: setting.url({ description: 'database of the log', schemes: ['postgres', 'postgresql'] }),
  HEADWATER_LINK_PORT: setting.port({ description: 'port on which this writer accepts links' }),
  HEADWATER_IDENTITY: setting.text({ description: 'folder of this instance: key.pem and cert.pem' }),
  HEADWATER_ALLOW_LIST: setting.text({ description: 'file of the keys that may act in each role' }),
} as const

/** The one serialized writer. Further instances stand by until it has vanished or its lease has ended. */
await startService('event-writer', settings, async ({ config, logger, health, metrics, onStop, endpoint }) => {
  const { EVENT_STORE_URL: url, HEADWATER_INSTANCE: holder, HEADWATER_LEASE_MS: lease_ms } = config
  endpoint('event-store', url)
  await migrateLog(url)
  const leadership = new Leadership({ url, schema: 'log', name: 'event-writer', holder, lease_ms, logger })
  const store = openPostgresStore({ url, leadership, logger, queue_max: config.HEADWATER_QUEUE_MAX })
  const allowList = await loadAllowList(config.HEADWATER_ALLOW_LIST)
  onStop('allow-list', watchAllowList(config.HEADWATER_ALLOW_LIST, allowList, logger))
  onStop('leadership', () => leadership.close())
  onStop('event-store', () => store.close())
  const server = await listen({
    host: config.HEADWATER_HOST,
    port: config.HEADWATER_LINK_PORT,
    identity: await loadIdentity(config.HEADWATER_IDENTITY),
    allowList,
    logger,
    ...serveEventStore(store),
  })
  onStop('link', () => server.close({ drain_ms: 5_000 }))
  leadership.start()
  health.add('event-store', async () => {
    await store.head()
    return undefined
  })
  health.fact('leader', () => store.leads)
  health.fact('position', () => (store.position ?? 0n).toString())
  writerMetrics(metrics, store)
  class EventWriter {}
  return { module: { module: EventWriter } }
})
