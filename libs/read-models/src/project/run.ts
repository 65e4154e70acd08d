import { once } from 'node:events'
import { type EventBatch, type EventStore } from '#event-store'
import { type Logger } from '#runtime'
import { type CacheWriter } from '../cache/cache-writer.js'
import { NEAR } from './plan.js'
import { type Spacing } from './spacing.js'
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
  /** Told of what is read. */
  readonly spacing: Spacing
  readonly logger: Logger
  readonly onProgress: (position: bigint) => void
  /** Called once, when what is left to catch up with is little, and waited for. It may take long, and goes on by itself when `run` ends before it. */
  readonly onNear: () => Promise<void>
}

/** In events. So far behind, nobody can follow the changes: the cache begins anew where the end of the log is {@link NEAR}. More than a feed keeps. */
const SILENT = 50_000n

/**
 * Folds the log until it is told to stop, or something fails.
 *
 * @throws BatchFailure; or what the log throws.
 */
export async function run(options: RunOptions, signal: AbortSignal): Promise<void> {
  const { store, unit, spacing } = options
  const head = await store.head()
  const isFurther = (position: bigint, events: bigint): boolean => position + spacing.positionsOf(events) < head
  if (isFurther(unit.position, SILENT)) await foldWhile(options, catchingUp(isFurther), signal)
  if (!signal.aborted) await Promise.race([options.onNear(), once(signal, 'abort')])
  if (!signal.aborted) await foldWhile(options, { isSilent: () => false, isOver: () => false }, signal)
}

/** What is asked of each batch, in this order. */
interface Phase {
  /** Is the cache not to be told of it? */
  readonly isSilent: (position: bigint) => boolean
  readonly isOver: (position: bigint) => boolean
}

/** Is the end of the log further than so many events from a position, as far as is known by now? */
type IsFurther = (position: bigint, events: bigint) => boolean

function catchingUp(isFurther: IsFurther): Phase {
  // What so many events are in positions may not be known before the first of them are read.
  let isFar: boolean | undefined
  return {
    isSilent: (position) => (isFar ??= isFurther(position, SILENT)),
    isOver: (position) => !isFar || !isFurther(position, NEAR),
  }
}

/** A batch that is folded, on its way out. */
interface Leaving {
  /** It is in the database. */
  readonly committed: Promise<void>
  /** It is in the cache, too. */
  readonly told: Promise<void>
}

const NOTHING: Leaving = { committed: Promise.resolve(), told: Promise.resolve() }

/**
 * Up to so many events, the next batch begins only when this one is in the database: what comes meanwhile goes with it, instead of waiting for
 * a batch that left too early. Larger ones follow on each other at once.
 */
const FEW = 200

/** Three batches at a time are under way, each at its own stage: one is folded, one committed, one told to the cache. */
async function foldWhile(options: RunOptions, { isSilent, isOver }: Phase, signal: AbortSignal): Promise<void> {
  const { store, unit, batch_max, spacing } = options
  const failed = new AbortController()
  const both = AbortSignal.any([signal, failed.signal])
  let [before, last] = [NOTHING, NOTHING]
  try {
    for await (const batch of store.subscribe({ after: unit.position, batch_max, signal: both })) {
      spacing.add(batch)
      for (let isWhole = false; !isWhole; isWhole = unit.position === batch.position) {
        const folded = await foldOf(unit, restOf(batch, unit.position), last.committed)
        const { position, events } = folded.batch
        await Promise.all([last.committed, before.told])
        before = last
        last = leave(options, folded, before, isSilent(position))
        last.told.catch(() => failed.abort())
        if (isOver(position) || both.aborted) return
        if (events.length <= FEW) await last.committed
      }
    }
  } finally {
    await last.told
  }
}

/** What was not folded of a batch: nothing of one that begins further on, which is for the unit to refuse. */
function restOf(batch: EventBatch, after: bigint): EventBatch {
  if (after <= batch.after) return batch
  return { after, position: batch.position, events: batch.events.filter(({ position }) => position > after) }
}

async function foldOf(unit: ProjectionUnit, batch: EventBatch, writing: Promise<void>): Promise<Folded> {
  try {
    return await unit.fold(batch)
  } catch (error) {
    // The batch before goes first: what it did is what this one stands upon, and if it failed, that is the reason.
    await writing
    throw new BatchFailure(unit.tried ?? batch, error)
  }
}

/** @param before has been committed; the cache is told of it first. */
function leave(options: RunOptions, folded: Folded, before: Leaving, isSilent: boolean): Leaving {
  const { unit, cache } = options
  const committed = commit(options, folded)
  const told = Promise.all([committed, before.told]).then(async () => {
    if (isSilent) cache?.skip(folded.batch)
    else await cache?.apply(folded.batch, unit.changes(folded))
  })
  return { committed, told }
}

async function commit({ unit, onProgress }: RunOptions, folded: Folded): Promise<void> {
  try {
    await unit.commit(folded)
  } catch (error) {
    throw new BatchFailure(folded.batch, error)
  }
  onProgress(folded.batch.position)
}
