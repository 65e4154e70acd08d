import { randomUUID } from 'node:crypto'
import { type EventStore, loadEventStoreDb, migrateNames, NamesFold, type StorePatience } from '#event-store'
import { silentLogger } from '../silent-logger.js'
import { scratchDatabase, type ScratchDatabase } from './scratch-database.js'

/** Who follows the log is told soon how far it is, where nothing comes for him: tests wait for that. */
const QUIET_MS = 250

/** A server is waited for as long as a slow machine needs: only a test of patience is to find out that it has an end. */
export const PATIENT: StorePatience = {
  append: { attempt_ms: 30_000, total_ms: 60_000 },
  read: { attempt_ms: 30_000, total_ms: 60_000 },
  silence_ms: 2_500,
}

/** A store on a server, a scratch database for its names, and somebody who indexes them. */
export interface EventStoreDbSubject {
  readonly store: EventStore
  readonly database: ScratchDatabase
  readonly prefix: string
  /** Another store on the same log, as another process has it but for the appending client. As patient as the first by default. */
  another(patience?: StorePatience): EventStore
  /** Begins to index names. */
  index(): NamesFold
  close(): Promise<void>
}

/**
 * Streams with a prefix of this subject's own: the server may hold other data.
 *
 * @param patience default: {@link PATIENT}.
 */
export async function eventStoreDbSubject(url: string, patience = PATIENT): Promise<EventStoreDbSubject> {
  const database = await scratchDatabase()
  const prefix = `t${randomUUID().replaceAll('-', '')}.`
  await migrateNames(database.url, prefix)
  const openEventStoreDb = await loadEventStoreDb()
  const closing: (() => Promise<void>)[] = []
  const open = (its = patience): EventStore => {
    const store = openEventStoreDb({
      url,
      namesUrl: database.url,
      prefix,
      pool_max: 2,
      quiet_ms: QUIET_MS,
      patience: its,
      logger: silentLogger(),
    })
    closing.push(() => store.close())
    return store
  }
  const store = open()
  return {
    store,
    database,
    prefix,
    another: open,
    index: () => {
      const fold = new NamesFold({ store, url: database.url, logger: silentLogger() })
      closing.push(() => fold.close())
      return fold
    },
    close: async () => {
      for (const close of closing.reverse()) await close()
      await database.drop()
    },
  }
}
