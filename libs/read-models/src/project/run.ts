import { type EventBatch, type EventStore } from '#event-store'
import { type Logger } from '#runtime'
import { type CacheWriter } from '../cache/cache-writer.js'
import { type Folded, type ProjectionUnit } from './unit.js'

/** The batch that could not be folded. */
export class BatchFailure extends Error {
  override readonly name = 'BatchFailure'

  constructor(
    readonly batch: EventBatch,
    cause: unknown,
  ) {
    super(`the batch up to position ${batch.position} was not folded`, { cause })
  }
}

export interface RunOptions {
  readonly store: EventStore
  readonly unit: ProjectionUnit
  /** Told of every batch; undefined for what nobody reads yet. */
  readonly cache: CacheWriter | undefined
  readonly batch_max: number
  readonly logger: Logger
  readonly onProgress: (position: bigint) => void
}

/** So far behind, nobody can follow the changes: the cache begins anew at the end. More than a feed keeps. */
const SILENT = 50_000n

/**
 * Folds the log until it is told to stop, or something fails. While a batch is written the next one is folded.
 *
 * @throws BatchFailure; or what the log throws.
 */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  const { store, unit, batch_max } = options
  const failed = new AbortController()
  const both = AbortSignal.any([signal, failed.signal])
  const silentUntil = (await store.head()) - SILENT
  let writing: Promise<void> = Promise.resolve()
  try {
    for await (const batch of store.subscribe({ after: unit.position, batch_max, signal: both })) {
      const folded = await foldOf(unit, batch, writing)
      await writing
      writing = finish(options, folded, batch.position < silentUntil)
      writing.catch(() => failed.abort())
    }
  } finally {
    await writing
  }
}

async function foldOf(unit: ProjectionUnit, batch: EventBatch, writing: Promise<void>): Promise<Folded> {
  try {
    return await unit.fold(batch)
  } catch (error) {
    // The batch before goes first: what it did is what this one stands upon, and if it failed, that is the reason.
    await writing
    throw new BatchFailure(batch, error)
  }
}

async function finish(options: RunOptions, folded: Folded, isSilent: boolean): Promise<void> {
  const { unit, cache, onProgress } = options
  try {
    await unit.commit(folded)
  } catch (error) {
    throw new BatchFailure(folded.batch, error)
  }
  onProgress(folded.batch.position)
  if (!cache) return
  if (isSilent) cache.skip(folded.batch)
  else await cache.apply(folded.batch, unit.changes(folded))
}
