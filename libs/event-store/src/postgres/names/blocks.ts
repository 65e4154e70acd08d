import { type ClientBase } from 'pg'
import { readInt64, writeInt16, writeInt32, writeInt64 } from '../binary.js'
import { CopyQuery } from '../copy-query.js'
import { COPY_HEADER, COPY_TRAILER } from '../event-bytes.js'
import { HASH_BYTES } from './name-hash.js'
import { ENTRY_BYTES } from './name-table.js'
import { bucketOf, type RunKey } from './run.js'

const COLUMNS = 4
/** Bytes of a row before its entries: the number of columns, then each behind its length. */
const ROW_HEAD_BYTES = 2 + 8 + 12 + 8 + 4

const COPY_SQL = 'copy log.name_blocks (level, run, bucket, entries) from stdin (format binary)'

/** In: levels, runs and buckets, side by side. Out: buckets and entries, in any order; null for a block that is not there. Locks nothing. */
const BLOCKS_SQL = `
select q.bucket, b.entries from unnest($1::int[], $2::bigint[], $3::int[]) as q(level, run, bucket)
left join log.name_blocks b using (level, run, bucket)`

/** A connection, or any of a pool. */
export type Queryable = Pick<ClientBase, 'query'>

/** @param first bucket of the first block; the others follow it. */
export async function writeBlocks(
  client: ClientBase,
  run: RunKey,
  first: number,
  blocks: readonly Buffer[],
): Promise<void> {
  const rows = blocks.map((entries, at) => [rowHead(run, first + at, entries.length), entries])
  await CopyQuery.run(client, COPY_SQL, Buffer.concat([COPY_HEADER, ...rows.flat(), COPY_TRAILER]))
}

function rowHead({ level, last }: RunKey, bucket: number, entries_bytes: number): Buffer {
  const out = Buffer.allocUnsafe(ROW_HEAD_BYTES)
  let at = writeInt16(out, COLUMNS, 0)
  at = writeInt32(out, level, writeInt32(out, 4, at))
  at = writeInt64(out, last, writeInt32(out, 8, at))
  at = writeInt32(out, bucket, writeInt32(out, 4, at))
  writeInt32(out, entries_bytes, at)
  return out
}

/**
 * The entries of so many buckets from `first` on, each of all these runs together. @throws Error when one is not there: a run has a block for
 * each bucket.
 */
export async function readBuckets(
  client: Queryable,
  runs: readonly RunKey[],
  first: number,
  count: number,
): Promise<Buffer[]> {
  const blocks = Array.from({ length: count }, (): Buffer[] => [])
  const places = blocks.flatMap((_, at) => runs.map(({ level, last }) => ({ level, last, bucket: first + at })))
  for (const { bucket, entries } of await queryBlocks(client, places)) {
    if (!entries) throw new Error(`block ${bucket} is missing in a run of names`)
    blocks[bucket - first]?.push(entries)
  }
  return blocks.map((each) => Buffer.concat(each))
}

/**
 * @returns the position of the append that took the name in one of these runs, 0 when nobody did; undefined when that cannot be
 *   said, because a run is not there any more: it was merged.
 */
export async function findInRuns(
  client: Queryable,
  hash: Buffer,
  runs: readonly RunKey[],
): Promise<number | undefined> {
  let isWhole = true
  const places = runs.map(({ level, last }) => ({ level, last, bucket: bucketOf(hash, level) }))
  for (const { entries } of await queryBlocks(client, places)) {
    isWhole &&= entries !== null
    for (let at = 0; entries && at < entries.length; at += ENTRY_BYTES)
      if (hash.compare(entries, at, at + HASH_BYTES) === 0) return readInt64(entries, at + HASH_BYTES)
  }
  return isWhole ? 0 : undefined
}

async function queryBlocks(client: Queryable, places: readonly (RunKey & { readonly bucket: number })[]) {
  const { rows } = await client.query<{ bucket: number; entries: Buffer | null }>(BLOCKS_SQL, [
    places.map(({ level }) => level),
    places.map(({ last }) => last),
    places.map(({ bucket }) => bucket),
  ])
  return rows
}
