import type pg from 'pg'
import { type Columns } from '#domain-kit'
import { fromSql, type StoredRow } from '../tables/row-codec.js'
import { checkpointOf, type Statement } from './sql.js'

/** Rows fetched at a time: what a stream holds in memory, and at most as many bodies of 1 MiB. */
const CHUNK_ROWS = 100

/** The rows of one snapshot, a chunk at a time. It holds a connection until its chunks are read, it is closed or aborted. */
export interface RowStream {
  /** The projection's checkpoint in this snapshot. */
  readonly position: bigint
  readonly isWithin: boolean
  /** Fetches no chunk before it is asked for. @throws when the connection is lost, or was aborted */
  readonly chunks: AsyncIterable<readonly StoredRow[]>
  close(): void
}

/**
 * Opens a server-side cursor in a read-only transaction of one snapshot. The signal ends it at once, whatever it is doing: its
 * connection is cut, and the server stops working for it within a second (`client_connection_check_interval`).
 *
 * @param onLost is told why it ends early when that is the server's doing.
 */
export async function openRowStream(
  pool: pg.Pool,
  { text, values }: Statement,
  columns: Columns,
  signal: AbortSignal,
  onLost: (error: unknown) => void = () => undefined,
): Promise<RowStream> {
  signal.throwIfAborted()
  const client = await pool.connect()
  // A lost connection fails the fetch that is under way or the next one; without a listener it would end the process.
  const ignore = (): void => undefined
  client.on('error', ignore)
  let isHeld = true
  const release = (isCut: boolean): void => {
    if (!isHeld) return
    isHeld = false
    signal.removeEventListener('abort', cut)
    client.off('error', ignore)
    client.release(isCut)
  }
  const cut = (): void => release(true)
  signal.addEventListener('abort', cut)
  const fetch = async (): Promise<Record<string, unknown>[]> => {
    signal.throwIfAborted()
    return (await client.query<Record<string, unknown>>(`fetch ${CHUNK_ROWS} from export_rows`)).rows
  }
  async function* chunks(rows: Record<string, unknown>[]): AsyncGenerator<readonly StoredRow[]> {
    try {
      for (let next = rows; ; next = await fetch()) {
        const found = next.filter((row) => row['is_found'] === true)
        if (found.length > 0) yield found.map((row) => fromSql(columns, row))
        if (next.length < CHUNK_ROWS) break
      }
      signal.throwIfAborted()
      await client.query('commit')
      release(false)
    } catch (error) {
      if (!signal.aborted) onLost(error)
      throw error
    } finally {
      release(true)
    }
  }
  try {
    if (signal.aborted) cut()
    signal.throwIfAborted()
    await client.query('begin isolation level repeatable read read only')
    await client.query("set local client_connection_check_interval = '1s'")
    await client.query(`declare export_rows no scroll cursor for ${text}`, [...values])
    const rows = await fetch()
    const [first] = rows
    return {
      position: checkpointOf(first).position,
      isWithin: first?.['is_within'] === true,
      chunks: chunks(rows),
      close: cut,
    }
  } catch (error) {
    release(true)
    throw error
  }
}
