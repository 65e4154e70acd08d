import { EventsArchived } from '#event-store'
import { writable } from '../builds/stop.js'
import { isPoison } from './failure.js'
import { type MemberPlan } from './member.js'
import { type Plan } from './plan.js'
import { type Planning } from './planning.js'
import { type Base, findPoison } from './poison.js'
import { BatchFailure } from './run.js'

export interface StandstillOptions {
  readonly base: Omit<Base, 'lanes'>
  readonly planning: Planning
  /** What there is to do now, not when the work began. */
  readonly plan: () => Promise<Plan>
}

/** It is no event that is at fault. */
const NO_EVENT = { stream: '', revision: '0', type: '' } as const

/** Stops builds that would fail again, wherever and whenever they are folded, where they are: everybody else goes on. */
export class Standstill {
  constructor(private readonly options: StandstillOptions) {}

  /** Nobody stops for what is the fault of none of them. @param plan that failed. @throws when the database does not answer. */
  async settle(plan: Plan, error: unknown): Promise<void> {
    if (error instanceof EventsArchived) await this.atArchive(plan, error)
    else if (error instanceof BatchFailure && isPoison(error.cause)) await this.atPoison(plan, error)
  }

  /** What needs events that are archived waits for them to be restored, unless it goes with its lane: then the lane does. */
  private async atArchive({ lanes, together }: Plan, { message, archive }: EventsArchived): Promise<void> {
    const stopped = { ...NO_EVENT, reason: writable(message), at: new Date().toISOString() }
    for (const member of await this.suspects(together))
      for (const lane of member.joining) {
        const position = member.lanes.get(lane) ?? 0n
        if (position >= archive.last) continue
        const about = { ...stopped, position: position.toString() }
        await this.options.planning.stop({ member, lane, position, stopped: about }, lanes.get(lane))
      }
  }

  private async atPoison({ lanes, together }: Plan, { batch }: BatchFailure): Promise<void> {
    const { base, planning } = this.options
    for (const poison of await findPoison({ ...base, lanes }, await this.suspects(together), batch)) {
      const { member, lane, event, reason, position } = poison
      const { position: at, stream, revision, type } = event
      const about = { position: String(at), stream, revision: String(revision), type }
      const stopped = { ...about, reason: writable(reason), at: new Date().toISOString() }
      await planning.stop({ member, lane, position, stopped }, lanes.get(lane))
    }
  }

  /** The same builds as they are by now. */
  private async suspects(members: readonly MemberPlan[]): Promise<readonly MemberPlan[]> {
    const { together, behind } = await this.options.plan()
    return [...together, ...behind].flatMap((each) => sharedWith(members, each) ?? [])
  }
}

/** A build in the lanes in which it is one of these, too; undefined when there are none. */
function sharedWith(members: readonly MemberPlan[], mine: MemberPlan): MemberPlan | undefined {
  const same = members.filter(({ projection, build }) => projection === mine.projection && build === mine.build)
  const lanes = new Map([...mine.lanes].filter(([lane]) => same.some((each) => each.lanes.has(lane))))
  return lanes.size > 0 ? { ...mine, lanes } : undefined
}
