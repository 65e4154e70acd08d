import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ClientBase } from 'pg'
import { readBuckets, writeBlocks } from './blocks.js'
import { type MergeStep } from './merge-plan.js'
import { NameFilter } from './name-filter.js'
import { ENTRY_BYTES } from '../../log/name-table.js'
import { insertSlice } from './run-store.js'
import { bucketOf, FAN_IN, SLICE_BLOCKS } from './run.js'

type CopyStep = Extract<MergeStep, { readonly kind: 'copy' }>

/** Of a run to be merged, in one slice of the merged one. */
const BUCKETS = SLICE_BLOCKS / FAN_IN
/** So many names at a time are in memory, of all runs: 800 KB. */
const NAMES_AT_ONCE = 32_768
/** However few names they have: whoever stops a step does not wait for more. */
const BUCKETS_AT_ONCE_MAX = BUCKETS / 4

export interface MergeOptions {
  /** The statement that holds the term. */
  readonly hold: string
  /** For how many a slice's filter is made. */
  readonly names_per_run: number
  /** Ends a step half way. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Does one step in one transaction under the term's fence: all of it or nothing.
 *
 * @throws whatever the connection throws, DatabaseError when the term does not hold, AbortError. The connection is of no further
 *   use then: its transaction may be open.
 */
export async function mergeStep(client: ClientBase, step: MergeStep, options: MergeOptions): Promise<void> {
  await client.query(`begin; ${options.hold}`)
  if (step.kind === 'copy') await copySlice(client, step, options)
  else await client.query(step.kind === 'swap' ? swapSql(step) : forgetSql(step))
  await client.query('commit')
}

async function copySlice(client: ClientBase, step: CopyStep, { names_per_run, signal }: MergeOptions): Promise<void> {
  const { target, sources, slice } = step
  const filter = NameFilter.of(names_per_run)
  const at_once = bucketsAtOnce(names_per_run)
  for (let first = slice * BUCKETS; first < (slice + 1) * BUCKETS; first += at_once) {
    signal?.throwIfAborted()
    const blocks: Buffer[] = []
    for (const bucket of await readBuckets(client, sources, first, at_once)) {
      blocks.push(...divide(bucket, target.level))
      for (let at = 0; at < bucket.length; at += ENTRY_BYTES) filter.add(bucket, at)
      // Appends go first.
      await nextTurn()
    }
    await writeBlocks(client, target, first * FAN_IN, blocks)
  }
  await insertSlice(client, target, slice, filter)
}

/** 8 of runs of half a million names. @param names_per_run a power of two, so that they fill a slice. */
function bucketsAtOnce(names_per_run: number): number {
  const names_per_bucket = (names_per_run * FAN_IN) / SLICE_BLOCKS
  return Math.min(BUCKETS_AT_ONCE_MAX, Math.max(1, NAMES_AT_ONCE / names_per_bucket))
}

/** The entries of one bucket, by the bucket of the next level that they belong into: some 4,000 names, a millisecond's work. */
function divide(entries: Buffer, level: number): Buffer[] {
  const ends = new Uint32Array(FAN_IN)
  const part = (at: number): number => bucketOf(entries, level, at) % FAN_IN
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) ends[part(at)] = (ends[part(at)] ?? 0) + ENTRY_BYTES
  const parts = Array.from(ends, (length) => Buffer.allocUnsafe(length))
  ends.fill(0)
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    const index = part(at)
    const to = parts[index]
    const end = ends[index] ?? 0
    // For so few bytes faster than the runtime's own copy.
    if (to) for (let byte = 0; byte < ENTRY_BYTES; byte += 1) to[end + byte] = entries[at + byte] ?? 0
    ends[index] = end + ENTRY_BYTES
  }
  return parts
}

/** The merged run in, the others out. Their slices stay: lookups ask for them until the merged run is in memory. */
const swapSql = ({ target, sources }: Extract<MergeStep, { readonly kind: 'swap' }>): string => `
insert into log.name_runs (level, last_position) values (${target.level}, ${target.last});
delete from log.name_runs where (level, last_position) in (${sources.map(({ level, last }) => `(${level}, ${last})`).join()})`

const forgetSql = ({ run: { level, last }, slice }: Extract<MergeStep, { readonly kind: 'forget' }>): string => `
delete from log.name_blocks where level = ${level} and run = ${last}
  and bucket between ${slice * SLICE_BLOCKS} and ${(slice + 1) * SLICE_BLOCKS - 1};
delete from log.name_slices where level = ${level} and run = ${last} and slice = ${slice}`
