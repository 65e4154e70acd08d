import { type InstanceStatus, type LocalPlan, type StartedWith, type Status } from '#local-runtime'
import { type Supervised } from './supervised.js'
import { type Supervisor } from './supervisor.js'

/** The directory: who is where, in which state. */
export class Directory {
  /** The head when it was first seen: read models and replicas must have come at least so far. */
  private headAtStart: bigint | undefined
  /** What was last said of it: it stands while nobody can tell, as when another writer takes over. */
  private head = 0n

  constructor(
    private readonly plan: LocalPlan,
    private readonly supervisor: Supervisor,
    private readonly self: { readonly instance: string; readonly url: string; readonly startedWith: StartedWith },
  ) {}

  status(): Status {
    const { processes } = this.supervisor
    const { role, fact } = this.plan.headTold
    const teller = processes.find(
      ({ component, isReady, last }) => component.role === role && isReady && last.leader !== false,
    )
    const head = teller && positionOf(teller, fact)
    this.headAtStart ??= head
    this.head = head ?? this.head
    const instances = [this.own(), ...processes.map(describe)]
    const behind = this.behind(processes)
    return {
      ready: instances.every(({ ready }) => ready) && teller !== undefined && !behind,
      position: this.head.toString(),
      urls: this.plan.urls,
      instances,
      startedWith: this.self.startedWith,
    }
  }

  private own(): InstanceStatus {
    const { instance, url } = this.self
    return { id: instance, role: 'controller', pid: process.pid, state: 'ready', leader: true, ready: true, url }
  }

  private behind(processes: readonly Supervised[]): boolean {
    const head = this.headAtStart
    if (head === undefined) return true
    return ['projector', 'query-api'].some((role) => {
      // A projector that owns no lane has no position to tell.
      const all = processes.filter(
        ({ component, isReady, last }) => component.role === role && isReady && last.leader !== false,
      )
      return all.length === 0 || all.some((each) => (positionOf(each, 'position') ?? -1n) < head)
    })
  }
}

function positionOf({ last }: Supervised, fact: string): bigint | undefined {
  const position = last.facts?.[fact]
  return typeof position === 'string' ? BigInt(position) : undefined
}

function describe({ component, state, pid, isReady, last }: Supervised): InstanceStatus {
  const { name, role, url } = component
  const leader = last.leader ?? role === 'postgres-primary'
  const reason = isReady || last.reason === undefined ? {} : { reason: last.reason }
  return { id: name, role, pid: pid ?? null, state, leader, ready: isReady, url, ...reason }
}
