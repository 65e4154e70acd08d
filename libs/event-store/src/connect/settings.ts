import { setting } from '#runtime'
import { isPrefix, PREFIX_RULE } from '../eventstoredb/prefix.js'

/** The stores that hold a log for several processes. */
const STORES = ['postgres', 'eventstoredb'] as const
export const POSTGRES_SCHEMES = ['postgres', 'postgresql']
export const EVENTSTOREDB_SCHEMES = ['esdb', 'esdb+discover']

/** Which store: `memory` is told apart from a mistyped word. */
const storeChoice = {
  ...setting.choice(STORES, { description: 'which event store holds the log', default: 'postgres' }),
  rule: `one of ${STORES.join(', ')} (memory is for tests: it holds a log for one process, and the product is several)`,
}

/** A setting for the choice of Postgres, one for EventStoreDB, or both. */
export const byStore = <T>(cases: Parameters<typeof setting.chosenBy<(typeof STORES)[number], T>>[2]) =>
  setting.chosenBy('EVENT_STORE', 'postgres', cases)

/** What every process that uses the log is told. */
export const eventStoreSettings = {
  EVENT_STORE: storeChoice,
  EVENT_STORE_URL: byStore({
    postgres: setting.url({ description: 'database of the log', schemes: POSTGRES_SCHEMES }),
    eventstoredb: setting.clusterUrl({ description: 'EventStoreDB cluster', schemes: EVENTSTOREDB_SCHEMES }),
  }),
  EVENT_STORE_PREFIX: byStore({
    eventstoredb: {
      ...setting.text({ description: "before every stream's name on the server", default: '' }),
      rule: PREFIX_RULE,
      parse: (prefix: string) => (isPrefix(prefix) ? prefix : undefined),
    },
  }),
  EVENT_STORE_POOL: setting.integer({
    description: 'connections for reading the log or its index of names, at most',
    default: 4,
    min: 1,
    max: 100,
  }),
  PRIMARY_URL: byStore({
    eventstoredb: setting.url({ description: 'database of the read models, and of names', schemes: POSTGRES_SCHEMES }),
  }),
  HEADWATER_WRITER: byStore({
    postgres: setting.hostPorts({ description: "addresses of the event writers' links, leader and standbys" }),
  }),
  HEADWATER_IDENTITY: byStore({
    postgres: setting.text({ description: 'folder of this instance: key.pem and cert.pem' }),
  }),
  HEADWATER_ALLOW_LIST: byStore({
    postgres: setting.text({ description: 'file of the keys that may act in each role' }),
  }),
} as const

/** Where else a process may keep what belongs to the log: in its database where it has one, else beside its names. */
export function besideTheLog({ EVENT_STORE, EVENT_STORE_URL, PRIMARY_URL }: StoreConfig): {
  readonly url: string
  readonly schema: string
} {
  if (EVENT_STORE === 'postgres') return { url: EVENT_STORE_URL ?? '', schema: 'log' }
  return { url: PRIMARY_URL ?? '', schema: 'eventstoredb' }
}

/** As parsed: what does not belong to the store chosen is undefined, all else is there. */
export interface StoreConfig {
  readonly EVENT_STORE: (typeof STORES)[number]
  readonly EVENT_STORE_URL: string | undefined
  readonly EVENT_STORE_PREFIX: string | undefined
  readonly EVENT_STORE_POOL: number
  readonly PRIMARY_URL: string | undefined
  readonly HEADWATER_WRITER: readonly string[] | undefined
  readonly HEADWATER_IDENTITY: string | undefined
  readonly HEADWATER_ALLOW_LIST: string | undefined
}
