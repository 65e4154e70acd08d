import pg from 'pg'
import { goodbye, type Logger, reasonOf } from '#runtime'
import { type EventBatch, type EventStore } from '../../port.js'
import { type CommandNote } from '../log/wire-event.js'
import { namesOf } from './names-of.js'

const BATCH_MAX = 2_000
const AGAIN_MS = 500

/** Locks the checkpoint: one batch at a time, whoever brings it. */
const CHECKPOINT_SQL = 'select position from eventstoredb.checkpoint for update'

/** In: hashes, revisions, positions, request hashes, in log order. Who took a name first keeps it. */
const NAMES_SQL = `
insert into eventstoredb.names (hash, revision, position, request_hash)
select distinct on (hash) hash, revision, position, request_hash
from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[]) as n(hash, revision, position, request_hash)
order by hash, position on conflict (hash) do nothing`

/** In: position, position of the last event (0: none in this batch). */
const ADVANCE_SQL = 'update eventstoredb.checkpoint set position = $1, last = greatest(last, $2)'

export interface NamesFoldOptions {
  readonly store: EventStore
  /** The read models' primary database. */
  readonly url: string
  readonly logger: Logger
}

/**
 * Keeps the index of names: a projection of the log, names and checkpoint in one transaction. Any number of instances may do it
 * at a time: a batch that does not begin at the checkpoint or before it is refused, one that others have folded is passed over.
 */
export class NamesFold {
  /** Last position indexed. */
  position = 0n
  /** Why indexing stopped, until it goes on. */
  trouble: string | undefined
  private readonly stop = new AbortController()
  private readonly running: Promise<void>

  constructor(private readonly options: NamesFoldOptions) {
    this.running = this.run()
  }

  async close(): Promise<void> {
    this.stop.abort()
    await this.running
  }

  private async run(): Promise<void> {
    const { signal } = this.stop
    while (!signal.aborted) {
      try {
        await this.foldOn(signal)
      } catch (error) {
        this.trouble = reasonOf(error)
        this.options.logger.error({ reason: this.trouble }, 'indexing names stopped; it begins again at its checkpoint')
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    }
  }

  private async foldOn(signal: AbortSignal): Promise<void> {
    const { store, url, logger } = this.options
    const client = new pg.Client({
      connectionString: url,
      application_name: 'headwater names fold',
      connectionTimeoutMillis: 5_000,
      query_timeout: 60_000,
    })
    client.on('error', (error) => logger.warn({ reason: reasonOf(error) }, 'the connection to the names broke'))
    try {
      await client.connect()
      const after = await checkpointOf(client, 'select position from eventstoredb.checkpoint')
      this.position = after
      this.trouble = undefined
      for await (const batch of store.subscribe({ after, batch_max: BATCH_MAX, signal })) {
        await foldNames(client, batch)
        this.position = batch.position
      }
    } finally {
      await goodbye(client)
    }
  }
}

async function checkpointOf(client: pg.Client, sql: string): Promise<bigint> {
  const { rows } = await client.query<{ position: string }>(sql)
  const [row] = rows
  if (!row) throw new Error('the index of names has no checkpoint')
  return BigInt(row.position)
}

/** @throws Error when the index has not come to where the batch begins: nothing was written then. */
export async function foldNames(client: pg.Client, { after, position, events }: EventBatch): Promise<void> {
  await client.query('begin')
  try {
    const at = await checkpointOf(client, CHECKPOINT_SQL)
    if (at < after) throw new Error(`names are indexed up to ${at}, and the batch begins after ${after}`)
    if (at < position) {
      const names = events.flatMap((event) =>
        namesOf({ event, command: (event.metadata as { readonly $command?: CommandNote }).$command }),
      )
      if (names.length > 0)
        await client.query(NAMES_SQL, [
          names.map(([key]) => Buffer.from(key, 'hex')),
          names.map(([, place]) => place.revision),
          names.map(([, place]) => place.position),
          names.map(([, place]) => place.requestHash),
        ])
      await client.query(ADVANCE_SQL, [position, events.at(-1)?.position ?? 0n])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}
