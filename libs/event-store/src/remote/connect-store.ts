import { type Domain } from '#domain-kit'
import { connect, loadAllowList, loadIdentity, watchAllowList } from '#mesh'
import { type Logger, setting } from '#runtime'
import { storeFor } from '../domain-store.js'
import { type EventStore } from '../port.js'
import { LeaderLink } from './leader-link.js'
import { openRemoteStore } from './remote-store.js'
import { WRITER_LINK_LIMITS } from './serve.js'

/** What every process that uses the log is told. */
export const eventStoreSettings = {
  EVENT_STORE: setting.choice(['postgres'], { description: 'which event store holds the log', default: 'postgres' }),
  EVENT_STORE_URL: setting.url({ description: 'database of the log', schemes: ['postgres', 'postgresql'] }),
  EVENT_STORE_POOL: setting.integer({
    description: 'connections for reading the log, at most',
    default: 4,
    min: 1,
    max: 100,
  }),
  HEADWATER_WRITER: setting.hostPorts({ description: "addresses of the event writers' links, leader and standbys" }),
  HEADWATER_IDENTITY: setting.text({ description: 'folder of this instance: key.pem and cert.pem' }),
  HEADWATER_ALLOW_LIST: setting.text({ description: 'file of the keys that may act in each role' }),
} as const

export interface StoreConfig {
  readonly EVENT_STORE_URL: string
  readonly EVENT_STORE_POOL: number
  readonly HEADWATER_WRITER: readonly string[]
  readonly HEADWATER_IDENTITY: string
  readonly HEADWATER_ALLOW_LIST: string
}

export interface StoreContext {
  readonly config: StoreConfig
  readonly logger: Logger
  onStop(name: string, run: () => Promise<void> | void): void
  endpoint(name: string, address: string): void
}

/**
 * Connects a role to the log as its configuration says; closes with the process. Events come as the installed domains know them
 * today.
 *
 * @throws Error when a domain needs what this store cannot do.
 */
export async function connectEventStore(
  { config, logger, onStop, endpoint }: StoreContext,
  domains: readonly Domain[],
): Promise<EventStore> {
  endpoint('event-store', config.EVENT_STORE_URL)
  for (const each of config.HEADWATER_WRITER) endpoint('event-writer', `tls://${each}`)
  const allowList = await loadAllowList(config.HEADWATER_ALLOW_LIST)
  onStop('allow-list', watchAllowList(config.HEADWATER_ALLOW_LIST, allowList, logger))
  const identity = await loadIdentity(config.HEADWATER_IDENTITY)
  const links = config.HEADWATER_WRITER.map((each) =>
    connect({ endpoints: [each], identity, allowList, role: 'event-writer', limits: WRITER_LINK_LIMITS, logger }),
  )
  const link = new LeaderLink(links, logger)
  const store = openRemoteStore({ link, url: config.EVENT_STORE_URL, pool_max: config.EVENT_STORE_POOL, logger })
  onStop('event-store', () => store.close())
  await store.head()
  return storeFor(domains, store)
}
