import { randomUUID } from 'node:crypto'
import { decideAppend } from '../log/append-outcome.js'
import { type LoggedEvent, type ProposedEvent } from '../log/event.js'
import { type Expectation } from '../log/expectation.js'
import { RecentEvents } from '../log/recent-events.js'
import { type Endpoint } from '../rpc/failures.js'
import { type ClusterState } from './cluster-state.js'
import { type Link } from './link.js'
import { type Member } from './member.js'
import { Replica } from './replica.js'

export interface NodeLimits {
  /** Bytes of data and metadata of one append. */
  readonly appendMax_bytes: number
  /** After which the server gives an append up: ms. */
  readonly writeTimeout_ms: number
  /** Events that wait for a live subscriber before it is dropped. */
  readonly liveBuffer: number
  /** Events that the memory of recent ids holds. */
  readonly recentEvents: number
}

export interface Append {
  readonly stream: string
  readonly expected: Expectation
  readonly events: readonly ProposedEvent[]
  readonly requiresLeader: boolean
}

export type AppendAnswer =
  /** `revision` is -1 when nothing was written to a stream that does not exist; a hidden event has no position. */
  | { readonly kind: 'written'; readonly revision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'wrong-version'; readonly current: bigint }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'not-ready' }
  | { readonly kind: 'not-leader'; readonly leader: Endpoint | undefined }

/** What refuses a call before it is looked at. */
export type Refusal = Extract<AppendAnswer, { kind: 'not-ready' | 'not-leader' }>

/** One server: its place in the cluster, its memory, its faults. */
export class Node implements Member {
  readonly instanceId = randomUUID()
  readonly recent: RecentEvents
  readonly replica: Replica
  /** False from a kill to the next start: nothing that still arrives counts. */
  alive = true
  /** False while it starts: it answers that it is not ready. */
  ready = true
  /** Appends that lose their connection instead: before anything is written, or between the write and the answer. */
  cutsBeforeCommit = 0
  cutsBeforeAck = 0

  constructor(
    readonly cluster: ClusterState,
    readonly limits: NodeLimits,
    readonly link: Link,
  ) {
    this.recent = new RecentEvents(limits.recentEvents)
    this.replica = new Replica(cluster.log)
    cluster.members.push(this)
  }

  get endpoint(): Endpoint {
    return { address: '127.0.0.1', port: this.link.port }
  }

  get leads(): boolean {
    return this.cluster.leader === this
  }

  refusal(requiresLeader: boolean): Refusal | undefined {
    if (!this.ready) return { kind: 'not-ready' }
    if (requiresLeader && !this.leads) return { kind: 'not-leader', leader: this.cluster.leader?.endpoint }
    return undefined
  }

  /** Answers once, or never: when the connection is cut instead, or this node is dead. A follower asks the leader. */
  append(append: Append, answer: (answer: AppendAnswer) => void): void {
    if (!this.alive) return
    const refusal = this.refusal(append.requiresLeader)
    if (refusal !== undefined) {
      answer(refusal)
      return
    }
    const commit = (then: (answer: AppendAnswer) => void): void => {
      const result = this.#commit(append)
      if (result !== undefined) then(result)
    }
    if (this.cluster.leader !== undefined && !this.cluster.stalls) commit(answer)
    else this.#inTime(answer, (then) => this.cluster.stalls && this.cluster.wait(() => commit(then)))
  }

  #inTime(answer: (answer: AppendAnswer) => void, run: (then: (answer: AppendAnswer) => void) => void): void {
    let waiting = true
    const timer = setTimeout(() => {
      waiting = false
      if (this.alive) answer({ kind: 'timeout' })
    }, this.limits.writeTimeout_ms)
    run((result) => {
      clearTimeout(timer)
      if (waiting) answer(result)
    })
  }

  #commit(append: Append): AppendAnswer | undefined {
    if (this.cutsBeforeCommit > 0) {
      this.cutsBeforeCommit -= 1
      this.link.cut()
      return undefined
    }
    const result = this.#decide(append)
    if (result.kind !== 'written' || this.cutsBeforeAck === 0) return result
    this.cutsBeforeAck -= 1
    this.link.cut()
    return undefined
  }

  #decide({ stream: name, expected, events }: Append): AppendAnswer {
    const { log } = this.cluster
    const stream = log.stream(name)
    const { recent } = this.cluster.leader ?? this
    const outcome = decideAppend(stream, recent, expected, events)
    switch (outcome.kind) {
      case 'repeat': {
        const { revision, position } = outcome.last
        return { kind: 'written', revision, position: stream.shows(revision) ? position : undefined }
      }
      case 'write': {
        if (events.length === 0) return { kind: 'written', revision: stream.head, position: log.skip() }
        const written = log.write(name, events)
        for (const event of written) recent.add(event)
        const last = written.at(-1) as LoggedEvent
        return { kind: 'written', revision: last.revision, position: last.position }
      }
      case 'wrong-version':
      case 'deleted':
        return outcome
    }
  }
}
