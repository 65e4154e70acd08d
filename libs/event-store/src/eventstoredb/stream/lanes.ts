import { type AppendResult, StoreUnavailable } from '../../port.js'
import { type Planned } from '../log/planned.js'
import { type NamePlace } from '../names/name-index.js'
import { Lane, type LaneContext } from './lane.js'

/** Streams in memory, and names of theirs; one that has work in hand is never dropped. */
const BOUNDS = { lanes: 10_000, names: 400_000 }
/** Lanes that are looked at to drop some, the longest unused first: many may have work in hand, and each append would look at them all. */
const LOOKS_MAX = 8
/** Appends waiting in this process. */
const WAITING_MAX = 16_384

/** One lane a stream, recently used ones kept with what they know. */
export class Lanes {
  private readonly lanes = new Map<string, Lane>()
  private readonly sizes = new Map<Lane, number>()
  private names = 0
  private waiting = 0
  private isClosed = false

  constructor(
    private readonly context: LaneContext,
    private readonly bounds = BOUNDS,
  ) {}

  /** Streams in memory. */
  get size(): number {
    return this.lanes.size
  }

  /** @throws StoreUnavailable */
  async append(planned: Planned): Promise<AppendResult> {
    if (this.waiting >= WAITING_MAX)
      throw new StoreUnavailable(`${WAITING_MAX} appends wait for EventStoreDB`, { overloaded: true })
    const lane = this.lane(planned.stream)
    this.waiting += 1
    try {
      return await lane.append(planned)
    } finally {
      this.waiting -= 1
    }
  }

  /** Where a name of a stream was taken, as everything committed says. @throws StoreUnavailable */
  async find(stream: string, key: string): Promise<NamePlace | undefined> {
    return this.lane(stream).find(key)
  }

  close(): void {
    this.isClosed = true
  }

  private lane(stream: string): Lane {
    if (this.isClosed) throw new StoreUnavailable('the event store was closed')
    const known = this.lanes.get(stream)
    const lane = known ?? new Lane(this.context, stream, () => this.settle(lane))
    this.lanes.delete(stream)
    this.lanes.set(stream, lane)
    if (!known) this.evict(lane)
    return lane
  }

  private settle(lane: Lane): void {
    this.names += lane.size - (this.sizes.get(lane) ?? 0)
    this.sizes.set(lane, lane.size)
    this.evict()
  }

  /** @param fresh has no work yet, and gets it in a moment. */
  private evict(fresh?: Lane): void {
    let looks = 0
    for (const [stream, lane] of this.lanes) {
      if (looks === LOOKS_MAX || (this.lanes.size <= this.bounds.lanes && this.names <= this.bounds.names)) return
      looks += 1
      if (!lane.isIdle || lane === fresh) continue
      this.lanes.delete(stream)
      this.names -= this.sizes.get(lane) ?? 0
      this.sizes.delete(lane)
    }
  }
}
