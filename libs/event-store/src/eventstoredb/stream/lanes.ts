import { type AppendResult, StoreUnavailable } from '../../port.js'
import { type Planned } from '../log/planned.js'
import { type NamePlace } from '../names/name-index.js'
import { Lane, type LaneContext } from './lane.js'

/** Streams in memory, and names of theirs; one that has work in hand is never dropped. */
const LANES_MAX = 10_000
const NAMES_MAX = 400_000
/** Appends waiting in this process. */
const WAITING_MAX = 16_384

/** One lane a stream, recently used ones kept with what they know. */
export class Lanes {
  private readonly lanes = new Map<string, Lane>()
  private readonly sizes = new Map<Lane, number>()
  private names = 0
  private waiting = 0
  private isClosed = false

  constructor(private readonly context: LaneContext) {}

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
    if (!known) this.evict()
    return lane
  }

  private settle(lane: Lane): void {
    this.names += lane.size - (this.sizes.get(lane) ?? 0)
    this.sizes.set(lane, lane.size)
    this.evict()
  }

  private evict(): void {
    for (const [stream, lane] of this.lanes) {
      if (this.lanes.size <= LANES_MAX && this.names <= NAMES_MAX) return
      if (!lane.isIdle) continue
      this.lanes.delete(stream)
      this.names -= this.sizes.get(lane) ?? 0
      this.sizes.delete(lane)
    }
  }
}
