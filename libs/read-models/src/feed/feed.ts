import { EventEmitter } from 'node:events'
import { type Logger, reasonOf } from '#runtime'
import { feedKey, ownField, stateKey } from '../cache/keys.js'
import { openRedis, type Redis } from '../cache/redis.js'
import { type FeedChange } from '../project/changes.js'
import { LANES } from '../project/lanes.js'

/** A lane of a fleet. */
export interface FeedLane {
  readonly fleet: string
  readonly lane: number
}

/** One applied batch as a lane's feed tells it. */
export interface FeedBatch extends FeedLane {
  readonly position: bigint
  readonly changes: readonly FeedChange[]
}

export interface FeedOptions {
  readonly url: string
  /** Fleets that fold what is read here; asked again all the time. */
  readonly fleets: () => readonly string[]
  readonly logger: Logger
}

/** A version of a projection. */
type Versioned = Parameters<typeof ownField>[0]

interface Followed extends FeedLane {
  readonly generation: string
  position: bigint
  /** Where projections are that do not go with the lane, by the fields of its state that say so: the same for a whole generation. */
  readonly own: ReadonlyMap<string, bigint>
}

const ENTRIES_MAX = 200
/**
 * How long feeds are read before it is found out again which they are. A generation that was lost with its feed tells nobody, and
 * neither does a lane that had none: however much other lanes have to tell.
 */
const FOLLOW_MS_MAX = 500
/** Redis answers at least every {@link FOLLOW_MS_MAX}: one that has not for so long hangs. */
const HEARD_MS_MAX = 2_000
const keyOf = ({ fleet, lane }: FeedLane): string => stateKey(fleet, lane)
/** What fields begin with that hold positions of their own; a table's name has its projection before the colon. */
const OWN = 'own:'
const ownOf = (table: string): string => OWN + table.slice(0, table.indexOf(':'))

/**
 * One consumption of the change feeds a process, however many watch. Emits `batch` for each lane in order and without holes, and `gap`
 * when that chain broke (another generation, or entries trimmed before they were read) or begins: then state must be read anew. What
 * was read before a lane was followed may be older than where its feed was come upon. What a projection changes that does not go with
 * its lane (it has stopped, or catches up) is told by nobody until it does, and that begins a generation.
 */
export class Feed extends EventEmitter<{ batch: [FeedBatch]; gap: [lane: FeedLane] }> {
  /** When Redis last answered, in ms of `performance.now()`. */
  private heard_ms = -Infinity
  private readonly followed = new Map<string, Followed>()
  private readonly redis: Redis
  private closed = false
  private readonly done: Promise<void>

  constructor(private readonly options: FeedOptions) {
    super()
    this.setMaxListeners(0)
    this.redis = openRedis(options.url, options.logger)
    this.done = this.run()
  }

  /** Are the feeds being followed right now? */
  get isLive(): boolean {
    return performance.now() - this.heard_ms < HEARD_MS_MAX
  }

  /** Last position seen of any lane: so far somebody has committed. 0n before the first. */
  get head(): bigint {
    return [...this.followed.values()].reduce((most, { position }) => (position > most ? position : most), 0n)
  }

  /** Last position seen of a lane; of a projection that does not go with it, where that is. 0n before the first. */
  positionOf(lane: FeedLane, projection: Versioned): bigint {
    const position = this.followed.get(keyOf(lane))?.position ?? 0n
    const own = this.ownPositionOf(lane, projection) ?? position
    return own < position ? own : position
  }

  /** Where a projection is that does not go with its lane; undefined of all others. */
  ownPositionOf(lane: FeedLane, projection: Versioned): bigint | undefined {
    return this.followed.get(keyOf(lane))?.own.get(ownField(projection))
  }

  async close(): Promise<void> {
    this.closed = true
    this.redis.destroy()
    await this.done
  }

  private isClosed(): boolean {
    return this.closed
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      try {
        await this.step()
      } catch (error) {
        if (this.isLive) this.options.logger.warn({ reason: reasonOf(error) }, 'the change feed is interrupted')
        this.heard_ms = -Infinity
        if (!this.isClosed()) await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  private async step(): Promise<void> {
    await this.begin()
    if (this.followed.size === 0) {
      this.heard_ms = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 100))
      return
    }
    const streams = new Map([...this.followed.values()].map((each) => [feedKey(each.generation), each]))
    const end_ms = performance.now() + FOLLOW_MS_MAX
    let isReset = false
    while (!isReset && !this.closed && performance.now() < end_ms) {
      const wanted = [...streams].map(([key, { position }]) => ({ key, id: `${position.toString()}-0` }))
      const answer = await this.redis.xRead(wanted, { BLOCK: FOLLOW_MS_MAX, COUNT: ENTRIES_MAX })
      this.heard_ms = performance.now()
      const told = (answer ?? []) as { name: string; messages: { id: string; message: Record<string, string> }[] }[]
      for (const { name, messages } of told) {
        const lane = streams.get(name)
        for (const { id, message } of messages) {
          if (!lane || message['reset'] !== undefined) isReset = true
          else this.take(lane, BigInt(id.split('-')[0] ?? '0'), message)
        }
      }
    }
  }

  /** Finds out which generation each lane has. */
  private async begin(): Promise<void> {
    const lanes = this.options.fleets().flatMap((fleet) => LANES.map((lane) => ({ fleet, lane })))
    const wanted = new Set(lanes.map(keyOf))
    for (const key of this.followed.keys()) if (!wanted.has(key)) this.followed.delete(key)
    const states = await Promise.all(lanes.map((lane) => this.redis.hGetAll(keyOf(lane))))
    for (const [at, lane] of lanes.entries()) this.follow(lane, states[at] ?? {})
  }

  private follow(lane: FeedLane, state: Readonly<Record<string, string>>): void {
    const { generation, fed } = state
    const known = this.followed.get(keyOf(lane))
    if (generation === undefined || fed === undefined || known?.generation === generation) return
    const own = Object.entries(state).filter(([field]) => field.startsWith(OWN))
    const positions = new Map(own.map(([field, position]) => [field, BigInt(position)]))
    this.followed.set(keyOf(lane), { ...lane, generation, position: BigInt(fed), own: positions })
    this.emit('gap', lane)
  }

  private take(followed: Followed, position: bigint, message: Readonly<Record<string, string>>): void {
    const { fleet, lane, own } = followed
    const isContiguous = BigInt(message['after'] ?? '0') === followed.position
    followed.position = position
    if (!isContiguous) return void this.emit('gap', { fleet, lane })
    try {
      const all = JSON.parse(message['changes'] ?? '[]') as FeedChange[]
      const changes = own.size === 0 ? all : all.filter(([table]) => !own.has(ownOf(table)))
      this.emit('batch', { fleet, lane, position, changes })
    } catch (error) {
      const about = { lane, position: position.toString(), reason: reasonOf(error) }
      this.options.logger.error(about, 'a batch of changes could not be told; who watches the lane begins anew')
      this.emit('gap', { fleet, lane })
    }
  }
}
