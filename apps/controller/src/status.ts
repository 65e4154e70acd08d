import { type LocalPlan, type Urls } from '#local-runtime'
import { type Supervised } from './supervised.js'
import { type Supervisor } from './supervisor.js'

export interface InstanceStatus {
  readonly id: string
  readonly role: string
  readonly pid: number | null
  readonly state: string
  readonly leader: boolean
  readonly ready: boolean
  readonly url: string
  /** Why it is not ready. */
  readonly reason?: string
}

export interface Status {
  readonly ready: boolean
  /** Of the last event in the log. */
  readonly position: string
  readonly urls: Urls
  readonly instances: readonly InstanceStatus[]
}

/** The directory: who is where, in which state. */
export class Directory {
  /** The head when the writer was first seen: read models and replicas must have come at least so far. */
  private headAtStart: bigint | undefined

  constructor(
    private readonly plan: LocalPlan,
    private readonly supervisor: Supervisor,
    private readonly self: { readonly instance: string; readonly url: string },
  ) {}

  status(): Status {
    const { processes } = this.supervisor
    const head = this.fact(processes, 'event-writer', 'position')
    this.headAtStart ??= head
    const instances = [this.own(), ...processes.map(describe)]
    const behind = this.behind(processes)
    return {
      ready: instances.every(({ ready }) => ready) && !behind,
      position: (head ?? 0n).toString(),
      urls: this.plan.urls,
      instances,
    }
  }

  private own(): InstanceStatus {
    const { instance, url } = this.self
    return { id: instance, role: 'controller', pid: process.pid, state: 'ready', leader: true, ready: true, url }
  }

  private behind(processes: readonly Supervised[]): boolean {
    const head = this.headAtStart
    if (head === undefined) return true
    const projected = this.fact(processes, 'projector', 'position')
    const replicated = this.fact(processes, 'query-api', 'position')
    return projected === undefined || projected < head || replicated === undefined || replicated < head
  }

  private fact(processes: readonly Supervised[], role: string, name: string): bigint | undefined {
    const value = processes.find(({ component, isReady }) => component.role === role && isReady)?.last.facts?.[name]
    return typeof value === 'string' ? BigInt(value) : undefined
  }
}

function describe({ component, state, pid, isReady, last }: Supervised): InstanceStatus {
  const { name, role, url } = component
  const leader = last.leader ?? role === 'postgres-primary'
  const reason = isReady || last.reason === undefined ? {} : { reason: last.reason }
  return { id: name, role, pid: pid ?? null, state, leader, ready: isReady, url, ...reason }
}
