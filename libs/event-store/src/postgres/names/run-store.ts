import { type ClientBase, type Pool } from 'pg'
import { CopyQuery } from '../copy-query.js'
import { readInt64 } from '../binary.js'
import { HASH_BYTES } from './name-hash.js'
import { NameFilter } from './name-filter.js'
import { ENTRY_BYTES, type NameTable } from './name-table.js'

/** Parts of a run that are read on their own, by the first 10 bits of the hash: some 512 names, 12 KB. */
const BUCKETS = 1_024
const BUCKET_SHIFT = 22
/** Buckets turned into text between two turns of the event loop: well under a millisecond. */
const BUCKETS_AT_ONCE = 8

/** A sealed run: what of it is in memory. */
export interface Run {
  /** Names up to this position, after the run before. */
  readonly last: number
  readonly filter: NameFilter
}

/** In: nothing. Out: all runs, oldest first. Locks nothing. */
const RUNS_SQL = 'select last_position, filter from log.name_runs order by last_position'

export async function loadRuns(client: ClientBase): Promise<Run[]> {
  const { rows } = await client.query<{ last_position: string; filter: Buffer }>(RUNS_SQL)
  return rows.map(({ last_position, filter }) => ({ last: Number(last_position), filter: NameFilter.from(filter) }))
}

/**
 * Makes a full table a sealed run and forgets the batches' own lists of these names, in one transaction under the term's fence.
 * A run that is there already (a seal whose answer was lost) stays as it is.
 *
 * @param hold statement that holds the term, and checks that a batch was committed up to `last`: names beyond the end of the log
 *   would be taken by nobody, for ever. @throws DatabaseError when it does not hold; nothing is changed then.
 */
export async function sealRun(client: ClientBase, hold: string, last: number, table: NameTable): Promise<NameFilter> {
  const filter = NameFilter.of(table.capacity)
  await client.query(`begin; ${hold}`)
  const { rowCount } = await client.query('select 1 from log.name_runs where last_position = $1', [last])
  for (let first = 0; first < BUCKETS; first += BUCKETS_AT_ONCE) {
    const lines: string[] = []
    for (let bucket = first; bucket < first + BUCKETS_AT_ONCE; bucket += 1) {
      const entries = table.bucket(bucket, BUCKETS)
      for (let at = 0; at < entries.length; at += ENTRY_BYTES) filter.add(entries, at)
      lines.push(`${last}\t${bucket}\t\\\\x${entries.toString('hex')}\n`)
    }
    if (rowCount === 0)
      await CopyQuery.run(client, 'copy log.name_blocks (run, bucket, entries) from stdin', Buffer.from(lines.join('')))
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (rowCount === 0)
    await client.query('insert into log.name_runs (last_position, filter) values ($1, $2)', [
      last,
      Buffer.from(filter.bits.buffer),
    ])
  // The last one stays: it is how the next commit knows where the log ends.
  await client.query('delete from log.recent_names where position < $1', [last])
  await client.query('commit')
  return filter
}

/** In: runs and buckets, side by side. Out: their entries. Locks nothing. */
const BLOCKS_SQL = `
select b.run, b.entries from unnest($1::bigint[], $2::int[]) as q(run, bucket)
join log.name_blocks b using (run, bucket)`

/** @returns the position of the append that took the name in one of these runs, 0 when nobody did. */
export async function findInRuns(pool: Pool, hash: Buffer, runs: readonly Run[]): Promise<number> {
  const bucket = hash.readUInt32BE(0) >>> BUCKET_SHIFT
  const { rows } = await pool.query<{ entries: Buffer }>(BLOCKS_SQL, [
    runs.map(({ last }) => last),
    runs.map(() => bucket),
  ])
  for (const { entries } of rows)
    for (let at = 0; at < entries.length; at += ENTRY_BYTES)
      if (hash.compare(entries, at, at + HASH_BYTES) === 0) return readInt64(entries, at + HASH_BYTES)
  return 0
}
