import { createHash } from 'node:crypto'
import { type AppendRequest, type NewEvent, type StreamClaim, type StreamWrite } from '#event-store'
import { type Random } from '../random.js'

/** What kinds of appends a client sends, and to where. */
export interface AppendPlan {
  readonly client: string
  readonly random: Random
  /** Streams that every client appends to, each wherever it ends. */
  readonly shared: readonly string[]
}

const CLAIMS_MAX = 4

/** Makes a client's appends, all determined by its seed: to shared streams, to two at once, to a stream of its own. */
export class AppendMaker {
  readonly own: string
  /** Where the own stream ends, as far as the client was told. */
  revision = -1n
  private count = 0
  private made = 0
  /** What its ids begin with: the sequences of two seeds may come to the same numbers. */
  private readonly prefix: string

  constructor(private readonly plan: AppendPlan) {
    this.own = `own-${plan.client}`
    this.prefix = createHash('sha256').update(plan.client).digest('hex').slice(0, 8)
  }

  /** To the client's own stream, exactly where it ends: only right if all before it was understood. */
  exact(): AppendRequest {
    const expected = this.revision === -1n ? 'none' : this.revision
    return this.request([{ stream: this.own, expected, events: this.events(1) }])
  }

  any(): AppendRequest {
    const { random, shared } = this.plan
    const stream = random.pick(shared)
    const write = { stream, expected: 'any' as const, events: this.events(random.between(1, 3)) }
    const other = random.pick(shared)
    if (other === stream || !random.chance(0.15)) return this.request([write])
    return this.request([write, { stream: other, expected: 'any', events: this.events(1) }])
  }

  /** The key of an earlier append for something else: to be refused. */
  reused({ commandId, requestHash, writes }: AppendRequest): AppendRequest {
    const others = writes.map(({ stream }) => ({ stream, expected: 'any' as const, events: this.events(1) }))
    return { commandId, requestHash: `not the ${requestHash}`, writes: others }
  }

  /** A new append for a name that an earlier one has taken: to be refused. */
  claiming(claim: StreamClaim): AppendRequest {
    const { claims = [], ...request } = this.request([
      { stream: claim.stream, expected: 'any', events: this.events(1) },
    ])
    return { ...request, claims: [...claims, claim] }
  }

  /** Half of all also claim names that nobody else does. */
  private request(writes: readonly StreamWrite[]): AppendRequest {
    const { client, random } = this.plan
    this.count += 1
    const key = `${client}-${this.count}`
    const stream = writes[0]?.stream ?? ''
    const count = random.chance(0.5) ? random.between(1, CLAIMS_MAX) : 0
    const claims = Array.from({ length: count }, (_, at) => ({ stream, name: `${key} claim ${at}` }))
    return { commandId: { stream, key }, requestHash: `hash of ${key}`, writes, ...(count > 0 ? { claims } : {}) }
  }

  private events(count: number): NewEvent[] {
    const { client } = this.plan
    return Array.from({ length: count }, () => ({
      id: this.uuid(),
      type: 'ThingHappened',
      version: 1,
      // No two events have the same: what is another's shows.
      data: { by: client, ordinal: this.made++ },
      metadata: { actor: client },
    }))
  }

  private uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.plan.random.between(0, 15).toString(16)).join('')
    return `${this.prefix}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}
