import { migrateLog, openPostgresStore, type PostgresStore } from '#event-store'
import { Leadership } from '#leadership'
import { eventually } from '../eventually.js'
import { silentLogger } from '../silent-logger.js'

export interface PostgresWriterOptions {
  /** Of a database of the test's own. */
  readonly url: string
  /** Default `writer-1`. */
  readonly holder?: string
  /** Default 60,000: it renews only every 15 s, so that a test can take the lease away without being noticed at once. */
  readonly lease_ms?: number
  /** How often it renews. Default: four times in a lease. */
  readonly renew_ms?: number
  /** A power of two. Default: so many that no test fills a run. */
  readonly names_per_run?: number
  /** Of merging runs of names. Default: none, so that no test waits for it. */
  readonly merge_pauses?: number
  /** Default: as in the product. */
  readonly queue_max?: number
  /** Default: as in the product. */
  readonly patience_ms?: number
}

/** An event writer in the test's process, as the event-writer's app puts it together. */
export interface PostgresWriter {
  readonly store: PostgresStore
  readonly leadership: Leadership
  /** Until it takes appends. */
  leads(): Promise<void>
  close(): Promise<void>
}

/** Brings the schema up to date and begins to try for the lease. */
export async function postgresWriter(options: PostgresWriterOptions): Promise<PostgresWriter> {
  const { url, holder, lease_ms, renew_ms, names_per_run, merge_pauses = 0, queue_max, patience_ms } = options
  await migrateLog(url)
  const logger = silentLogger()
  const leadership = new Leadership({
    url,
    schema: 'log',
    name: 'event-writer',
    holder: holder ?? 'writer-1',
    lease_ms: lease_ms ?? 60_000,
    ...(renew_ms === undefined ? {} : { renew_ms }),
    logger,
  })
  const store = openPostgresStore({
    url,
    leadership,
    logger,
    merge_pauses,
    ...(names_per_run === undefined ? {} : { names_per_run }),
    ...(queue_max === undefined ? {} : { queue_max }),
    ...(patience_ms === undefined ? {} : { patience_ms }),
  })
  leadership.start()
  return {
    store,
    leadership,
    leads: async () => {
      await eventually('the writer leads', () => store.leads)
    },
    close: async () => {
      await store.close()
      await leadership.close()
    },
  }
}
