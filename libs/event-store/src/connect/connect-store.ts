import { type Domain } from '#domain-kit'
import { connect, loadAllowList, loadIdentity, watchAllowList } from '#mesh'
import { type Logger } from '#runtime'
import { storeFor } from '../domain-store.js'
import { loadEventStoreDb } from '../eventstoredb/load.js'
import { migrateNames } from '../eventstoredb/names/schema.js'
import { type EventStore } from '../port.js'
import { LeaderLink } from '../remote/leader-link.js'
import { openRemoteStore } from '../remote/remote-store.js'
import { WRITER_LINK_LIMITS } from '../remote/serve.js'
import { type StoreConfig } from './settings.js'

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
export async function connectEventStore(context: StoreContext, domains: readonly Domain[]): Promise<EventStore> {
  return storeFor(domains, await connectLog(context))
}

/** The same with events as they are stored. */
export async function connectLog(context: StoreContext): Promise<EventStore> {
  const { config, onStop, endpoint } = context
  endpoint('event-store', config.EVENT_STORE_URL ?? '')
  const store = config.EVENT_STORE === 'postgres' ? await connectPostgres(context) : await connectEventStoreDb(context)
  onStop('event-store', () => store.close())
  await store.head()
  return store
}

async function connectPostgres({ config, logger, onStop, endpoint }: StoreContext): Promise<EventStore> {
  const {
    EVENT_STORE_URL: url = '',
    HEADWATER_WRITER: writers = [],
    HEADWATER_IDENTITY: folder = '',
    HEADWATER_ALLOW_LIST: file = '',
  } = config
  for (const each of writers) endpoint('event-writer', `tls://${each}`)
  const allowList = await loadAllowList(file)
  onStop('allow-list', watchAllowList(file, allowList, logger))
  const identity = await loadIdentity(folder)
  const links = writers.map((each) =>
    connect({ endpoints: [each], identity, allowList, role: 'event-writer', limits: WRITER_LINK_LIMITS, logger }),
  )
  const link = new LeaderLink(links, logger)
  return openRemoteStore({ link, url, pool_max: config.EVENT_STORE_POOL, logger })
}

async function connectEventStoreDb({ config, logger, endpoint }: StoreContext): Promise<EventStore> {
  const { EVENT_STORE_URL: url = '', EVENT_STORE_PREFIX: prefix = '', PRIMARY_URL: namesUrl = '' } = config
  endpoint('index of names', namesUrl)
  await migrateNames(namesUrl, prefix)
  const openEventStoreDb = await loadEventStoreDb()
  return openEventStoreDb({ url, namesUrl, prefix, pool_max: config.EVENT_STORE_POOL, logger })
}
