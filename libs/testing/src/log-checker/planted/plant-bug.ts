import { type EventBatch, type EventStore } from '#event-store'
import { type Random } from '../../random.js'
import { type Epochs, type LogEvent } from '../history.js'
import {
  acknowledgeBeforeCommit,
  acknowledgeFailedBatch,
  ignoredHash,
  lostBatch,
  nameOfNothing,
  refuseWhatWasWritten,
  wrongPosition,
  wrongReplay,
} from './acknowledgements.js'
import { lostMetadata, otherPayload, otherVersion } from './contents.js'
import { droppedBatch, pushedPayload, pushedPosition, pushedRevision, repeatedEvent } from './followed.js'
import { lateCommit, noEpochCheck, positionGap, revisionHole, swappedAppends } from './places.js'
import { type Planter } from './plant.js'
import { staleCommit, timeBackwards } from './terms.js'
import {
  doubleWriteOnRetry,
  forgottenClaim,
  newIdsOnRetry,
  skippedDedupe,
  swappedInBatch,
  tornAppend,
} from './writes.js'

/** Every way in which a store can be broken here, by a name that says how. */
export const PLANTED_BUGS = {
  'acknowledge before commit': acknowledgeBeforeCommit,
  'acknowledge a failed batch': acknowledgeFailedBatch,
  'lost batch': lostBatch,
  'refuse what was written': refuseWhatWasWritten,
  'wrong position in the acknowledgement': wrongPosition,
  'wrong place in a replay': wrongReplay,
  'other hash taken for a retry': ignoredHash,
  'name of a batch that failed': nameOfNothing,
  'late commit': lateCommit,
  'no epoch check': noEpochCheck,
  'position gap': positionGap,
  'revision hole': revisionHole,
  'swapped appends': swappedAppends,
  'stale-term commit': staleCommit,
  'time going backwards': timeBackwards,
  'double write on retry': doubleWriteOnRetry,
  'new ids on retry': newIdsOnRetry,
  'skipped dedupe': skippedDedupe,
  'swapped order in an append': swappedInBatch,
  'torn append': tornAppend,
  'forgotten claim': forgottenClaim,
  'payload of another event': otherPayload,
  'version of another event': otherVersion,
  'lost metadata': lostMetadata,
  'pushed position off by one': pushedPosition,
  'pushed revision off by one': pushedRevision,
  'pushed payload of another event': pushedPayload,
  'dropped batch': droppedBatch,
  'pushed once more': repeatedEvent,
} as const satisfies Readonly<Record<string, Planter>>

export type PlantedBug = keyof typeof PLANTED_BUGS

export interface PlantedStore {
  readonly store: EventStore
  /** How often the bug has struck. */
  readonly strikes: number
  log(): Promise<readonly LogEvent[]>
  readonly epochs: Epochs
}

/**
 * A sound store with one bug in it, for the checker to find: what a test build of the writer with that bug would do. The
 * product holds no switch for any of them.
 *
 * @param probability that it strikes, where it can.
 */
export function plantBug(
  inner: EventStore,
  bug: PlantedBug | undefined,
  { random, probability = 0.05 }: { readonly random: Random; readonly probability?: number },
): PlantedStore {
  let strikes = 0
  const strike = (): boolean => {
    if (!random.chance(probability)) return false
    strikes += 1
    return true
  }
  const plant = bug === undefined ? {} : PLANTED_BUGS[bug](inner, strike)
  const committedBy = new Map<bigint, bigint>()
  const store: EventStore = {
    ...inner,
    append: async (request) => {
      const result = plant.append ? await plant.append(request) : await inner.append(request)
      if (result.outcome === 'appended') committedBy.set(result.position, plant.term?.(result.position) ?? 2n)
      return result
    },
    subscribe: (options) => (plant.hand ? handed(inner.subscribe(options), plant.hand) : inner.subscribe(options)),
  }
  return {
    store,
    get strikes() {
      return strikes
    },
    log: async () => {
      const events: LogEvent[] = []
      for await (const event of inner.readAll()) events.push(event)
      return plant.log?.(events) ?? events
    },
    epochs: {
      terms: [
        { epoch: 1n, after: 0n },
        { epoch: 2n, after: 0n },
      ],
      committedBy: (position) => committedBy.get(position),
    },
  }
}

async function* handed(
  batches: AsyncIterable<EventBatch>,
  hand: (batch: EventBatch) => EventBatch,
): AsyncGenerator<EventBatch> {
  for await (const each of batches) yield hand(each)
}
