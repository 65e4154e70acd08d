import { EventVersionError, type RecordedEvent } from '#domain-kit'
import { type Upcasting } from '#event-store'
import { FoldFailure } from './failure.js'
import { partitionOf } from './lanes.js'
import { type Member } from './member.js'

const NOBODY: readonly Member[] = []

/** Who wants which events. Asked of every event that is read, and most are told apart by aggregate and type alone. */
export class Wanting {
  private readonly byType = new Map<string, Map<string, Member[]>>()

  constructor(
    private readonly members: readonly Member[],
    private readonly upcasting: Upcasting | undefined,
  ) {
    for (const member of members) {
      const { of, types } = member.plan.projection
      const ofAggregate = this.byType.get(of.name) ?? new Map<string, Member[]>()
      this.byType.set(of.name, ofAggregate)
      for (const type of new Set(types)) ofAggregate.set(type, [...(ofAggregate.get(type) ?? []), member])
    }
  }

  /** What each member is to fold of these, as today's code knows it. @throws FoldFailure; EventVersionError */
  of(events: readonly RecordedEvent[]): ReadonlyMap<Member, readonly RecordedEvent[]> {
    const wanted = new Map(this.members.map((member) => [member, [] as RecordedEvent[]]))
    for (const event of events) {
      const members = this.membersFor(event)
      const today = this.today(event, members)
      for (const member of members) wanted.get(member)?.push(today)
    }
    return wanted
  }

  /** Those who fold its lane, are not past it, and were not told to leave it out. */
  private membersFor({ aggregate, type, stream, position }: RecordedEvent): readonly Member[] {
    const members = this.byType.get(aggregate)?.get(type)
    if (!members) return NOBODY
    const partition = partitionOf(stream)
    return members.filter((each) => each.wants(partition, position))
  }

  /** One that newer code wrote nobody passes over; one at which its upcasters fail is the fault of those only who want it. */
  private today(event: RecordedEvent, members: readonly Member[]): RecordedEvent {
    try {
      return this.upcasting?.(event) ?? event
    } catch (error) {
      if (error instanceof EventVersionError) throw error
      const [member] = members
      if (member) throw new FoldFailure(member.plan.projection.name, error)
      return event
    }
  }
}
