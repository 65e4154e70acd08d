import { type ClientBase } from 'pg'
import { readInt64, writeInt16, writeInt32, writeInt64 } from '../../log/binary.js'
import { CopyQuery } from '../copy-query.js'
import { COPY_HEADER, COPY_TRAILER } from '../../log/event-bytes.js'
import { HASH_BYTES } from '../../log/name-hash.js'
import { ENTRY_BYTES } from '../../log/name-table.js'
import { bucketOf, type RunKey } from './run.js'

const COLUMNS = 4
/** Bytes of a row before its entries: the number of columns, then each behind its length. */
const ROW_HEAD_BYTES = 2 + 8 + 12 + 8 + 4

const COPY_SQL = 'copy log.name_blocks (level, run, bucket, entries) from stdin (format binary)'

/** In: levels, runs and buckets, side by side. Out: entries of the nth, in any order; null for a block that is not there. Locks nothing. */
const BLOCKS_SQL = `
select q.nth, b.entries from unnest($1::int[], $2::bigint[], $3::int[]) with ordinality as q(level, run, bucket, nth)
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
  for (const { place, entries } of await queryBlocks(client, places)) {
    if (!entries) throw new Error(`block ${place.bucket} is missing in a run of names`)
    blocks[place.bucket - first]?.push(entries)
  }
  return blocks.map((each) => Buffer.concat(each))
}

/** A name, and the runs that may have it. */
export interface Suspect {
  readonly hash: Buffer
  readonly runs: readonly RunKey[]
}

/**
 * One question for all of them.
 *
 * @returns for each the position of the append that took the name in one of its runs, 0 when nobody did; undefined when that cannot be
 *   said, because a run is not there any more: it was merged.
 */
export async function findInRuns(client: Queryable, suspects: readonly Suspect[]): Promise<(number | undefined)[]> {
  const places = suspects.flatMap(({ hash, runs }, at) =>
    runs.map(({ level, last }) => ({ level, last, bucket: bucketOf(hash, level), hash, at })),
  )
  const found: (number | undefined)[] = suspects.map(() => 0)
  if (places.length === 0) return found
  for (const { place, entries } of await queryBlocks(client, places)) {
    const position = entries && positionIn(entries, place.hash)
    // Found in one, it does not matter that another is gone.
    if (position === undefined) found[place.at] ||= undefined
    else if (position > 0) found[place.at] = position
  }
  return found
}

function positionIn(entries: Buffer, hash: Buffer): number {
  for (let at = 0; at < entries.length; at += ENTRY_BYTES)
    if (hash.compare(entries, at, at + HASH_BYTES) === 0) return readInt64(entries, at + HASH_BYTES)
  return 0
}

interface Place extends RunKey {
  readonly bucket: number
}

async function queryBlocks<P extends Place>(
  client: Queryable,
  places: readonly P[],
): Promise<{ readonly place: P; readonly entries: Buffer | undefined }[]> {
  const { rows } = await client.query<{ nth: string; entries: Buffer | null }>(BLOCKS_SQL, [
    places.map(({ level }) => level),
    places.map(({ last }) => last),
    places.map(({ bucket }) => bucket),
  ])
  return rows.flatMap(({ nth, entries }) => {
    const place = places[Number(nth) - 1]
    return place ? [{ place, entries: entries ?? undefined }] : []
  })
}
