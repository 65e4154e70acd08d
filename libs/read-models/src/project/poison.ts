import { type RecordedEvent } from '#domain-kit'
import { type EventBatch } from '#event-store'
import { reasonOf } from '#runtime'
import { isPoison } from './failure.js'
import { partitionOf, WHOLE } from './lanes.js'
import { type MemberPlan } from './member.js'
import { ProjectionUnit, type UnitOptions } from './unit.js'

/** An event that a build cannot fold. */
export interface Poison {
  readonly member: MemberPlan
  readonly lane: number
  readonly event: RecordedEvent
  readonly reason: string
  /** The position up to which the build is folded in this lane. */
  readonly position: bigint
}

export type Base = Omit<UnitOptions, 'positions' | 'members'>

const laneOf = ({ isPartitioned }: MemberPlan, { stream }: RecordedEvent): number =>
  isPartitioned ? partitionOf(stream) : WHOLE

const only = (member: MemberPlan, lane: number): MemberPlan => ({
  ...member,
  lanes: new Map([[lane, member.lanes.get(lane) ?? 0n]]),
})

/**
 * Finds who of the suspects could not fold a batch, and because of which event: each build is tried alone, then each of its lanes, then ever shorter
 * runs of events. What stands before the event is folded. Empty when, tried again, everybody can.
 *
 * @throws when the database does not answer.
 */
export async function findPoison(
  base: Base,
  suspects: readonly MemberPlan[],
  batch: EventBatch,
): Promise<readonly Poison[]> {
  const found: Poison[] = []
  for (const member of suspects)
    if (await fails(base, member, batch.events))
      for (const lane of member.lanes.keys()) {
        const events = batch.events.filter((event) => laneOf(member, event) === lane || lane === WHOLE)
        const poison = await inLane(base, only(member, lane), lane, events, batch.after)
        if (poison) found.push(poison)
      }
  return found
}

async function inLane(
  base: Base,
  member: MemberPlan,
  lane: number,
  events: readonly RecordedEvent[],
  after: bigint,
): Promise<Poison | undefined> {
  let reason = await fails(base, member, events)
  if (reason === undefined) return undefined
  // The first `good` of them can be folded, the first `bad` cannot.
  let [good, bad] = [0, events.length]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    const failure = await fails(base, member, events.slice(0, middle))
    if (failure === undefined) good = middle
    else [bad, reason] = [middle, failure]
  }
  const event = events[bad - 1]
  if (!event) return undefined
  const position = await foldBefore(base, member, lane, events.slice(0, good), after)
  return { member, lane, event, reason, position }
}

/** @returns why it fails; undefined when it does not. */
async function fails(base: Base, member: MemberPlan, events: readonly RecordedEvent[]): Promise<string | undefined> {
  const unit = await ProjectionUnit.open({ ...base, members: [member] })
  try {
    await unit.rehearse(events)
    return undefined
  } catch (error) {
    if (!isPoison(error)) throw error
    return reasonOf(error)
  } finally {
    await unit.close()
  }
}

/** @returns how far the lane is then. */
async function foldBefore(
  base: Base,
  member: MemberPlan,
  lane: number,
  events: readonly RecordedEvent[],
  after: bigint,
): Promise<bigint> {
  const at = member.lanes.get(lane) ?? 0n
  const position = events.at(-1)?.position ?? after
  if (position <= at) return at
  const unit = await ProjectionUnit.open({ ...base, members: [member] })
  try {
    for (let after = at; after < position; after = unit.position) {
      const rest = events.filter((event) => event.position > after)
      await unit.commit(await unit.fold({ after, position, events: rest }))
    }
    return position
  } finally {
    await unit.close()
  }
}
