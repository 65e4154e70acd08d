import { type ClientBase } from 'pg'
import { type Queryable, writeBlocks } from './blocks.js'
import { NameFilter } from './name-filter.js'
import { ENTRY_BYTES, type NameTable } from '../../log/name-table.js'
import { type Run, RunFilter } from './run-filter.js'
import { type RunKey, SLICE_BLOCKS } from './run.js'

/** Blocks made between two turns of the event loop: well under a millisecond. */
const BLOCKS_AT_ONCE = 8

/** What is stored of a run: its first `slices` slices. */
export interface StoredRun extends RunKey {
  /** Undefined for what is not in force: not whole yet, or merged into a larger one. */
  readonly id: string | undefined
  readonly slices: number
}

/** In: nothing. Out: all runs, and what is not in force, oldest first, in one snapshot. Locks nothing. */
const RUNS_SQL = `
select level, run, id, coalesce(slices, 0) as slices
from (select level, last_position as run, id from log.name_runs) as runs
full join (select level, run, count(*)::int as slices from log.name_slices group by level, run) as stored using (level, run)
order by run`

const FILTER_SQL = 'select filter from log.name_slices where level = $1 and run = $2 and slice = $3'
const INSERT_SLICE_SQL = 'insert into log.name_slices (level, run, slice, filter) values ($1, $2, $3, $4)'
const INSERT_RUN_SQL = 'insert into log.name_runs (level, last_position) values (0, $1) returning id'

export async function storedRuns(client: Queryable): Promise<StoredRun[]> {
  const { rows } = await client.query<{ level: number; run: string; id: string | null; slices: number }>(RUNS_SQL)
  return rows.map(({ level, run, id, slices }) => ({ level, last: Number(run), id: id ?? undefined, slices }))
}

/** @throws Error when it is not there. */
export async function loadSlice(client: Queryable, { level, last }: RunKey, slice: number): Promise<NameFilter> {
  const { rows } = await client.query<{ filter: Buffer }>(FILTER_SQL, [level, last, slice])
  const [row] = rows
  if (!row) throw new Error(`slice ${slice} of the run of names up to ${last} is not there`)
  return NameFilter.from(row.filter)
}

/** A slice is its filter and its blocks, written in one transaction. */
export async function insertSlice(
  client: ClientBase,
  { level, last }: RunKey,
  slice: number,
  { bits }: NameFilter,
): Promise<void> {
  await client.query(INSERT_SLICE_SQL, [level, last, slice, Buffer.from(bits.buffer, bits.byteOffset, bits.length)])
}

/**
 * Makes a full table a sealed run and forgets the batches' own lists of these names, in one transaction under the term's fence.
 *
 * @param hold statement that holds the term, and checks that a batch was committed up to `last`: names beyond the end of the log
 *   would be taken by nobody, for ever.
 * @returns undefined when its names are in a run already (a seal whose answer was lost), which stays as it is.
 * @throws DatabaseError when the term does not hold; nothing is changed then.
 */
export async function sealRun(
  client: ClientBase,
  hold: string,
  last: number,
  table: NameTable,
): Promise<Run | undefined> {
  await client.query(`begin; ${hold}`)
  const { rowCount } = await client.query('select 1 from log.name_runs where last_position >= $1', [last])
  const run = rowCount === 0 ? await writeRun(client, last, table) : undefined
  // The last one stays: it is how the next commit knows where the log ends.
  await client.query('delete from log.recent_names where position < $1', [last])
  await client.query('commit')
  return run
}

async function writeRun(client: ClientBase, last: number, table: NameTable): Promise<Run> {
  const key = { level: 0, last }
  const slice = NameFilter.of(table.capacity)
  for (let first = 0; first < SLICE_BLOCKS; first += BLOCKS_AT_ONCE) {
    const blocks: Buffer[] = []
    for (let bucket = first; bucket < first + BLOCKS_AT_ONCE; bucket += 1) {
      const entries = table.bucket(bucket, SLICE_BLOCKS)
      for (let at = 0; at < entries.length; at += ENTRY_BYTES) slice.add(entries, at)
      blocks.push(entries)
    }
    await writeBlocks(client, key, first, blocks)
  }
  await insertSlice(client, key, 0, slice)
  const { rows } = await client.query<{ id: string }>(INSERT_RUN_SQL, [last])
  const filter = new RunFilter(0)
  filter.set(0, slice)
  return { ...key, id: rows[0]?.id ?? '', filter }
}
