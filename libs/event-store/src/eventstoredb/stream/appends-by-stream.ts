import { type AppendResult, StoreUnavailable } from '../../port.js'
import { type Planned } from '../log/planned.js'
import { type NamePlace } from '../names/name-index.js'
import { StreamAppends, type StreamAppendsContext } from './stream-appends.js'

/** Streams in memory, and names of theirs; one that has work in hand is never dropped. */
const BOUNDS = { streams: 10_000, names: 400_000 }
/** Streams that are looked at to drop some, the longest unused first: many may have work in hand, and each append would look at them all. */
const LOOKS_MAX = 8
/** Appends waiting in this process. */
const WAITING_MAX = 16_384

/** The appends of every stream, those of recently used ones kept with what they know. */
export class AppendsByStream {
  private readonly known = new Map<string, StreamAppends>()
  private readonly sizes = new Map<StreamAppends, number>()
  private names = 0
  private waiting = 0
  private isClosed = false

  constructor(
    private readonly context: StreamAppendsContext,
    private readonly bounds = BOUNDS,
  ) {}

  /** Streams in memory. */
  get size(): number {
    return this.known.size
  }

  /** @throws StoreUnavailable */
  async append(planned: Planned): Promise<AppendResult> {
    if (this.waiting >= WAITING_MAX)
      throw new StoreUnavailable(`${WAITING_MAX} appends wait for EventStoreDB`, { overloaded: true })
    const appends = this.of(planned.stream)
    this.waiting += 1
    try {
      return await appends.append(planned)
    } finally {
      this.waiting -= 1
    }
  }

  /** Where a name of a stream was taken, as everything committed says. @throws StoreUnavailable */
  async find(stream: string, key: string): Promise<NamePlace | undefined> {
    return this.of(stream).find(key)
  }

  close(): void {
    this.isClosed = true
  }

  private of(stream: string): StreamAppends {
    if (this.isClosed) throw new StoreUnavailable('the event store was closed')
    const known = this.known.get(stream)
    const appends = known ?? new StreamAppends(this.context, stream, () => this.settle(appends))
    this.known.delete(stream)
    this.known.set(stream, appends)
    if (!known) this.evict(appends)
    return appends
  }

  private settle(appends: StreamAppends): void {
    this.names += appends.size - (this.sizes.get(appends) ?? 0)
    this.sizes.set(appends, appends.size)
    this.evict()
  }

  /** @param fresh has no work yet, and gets it in a moment. */
  private evict(fresh?: StreamAppends): void {
    let looks = 0
    for (const [stream, appends] of this.known) {
      if (looks === LOOKS_MAX || (this.known.size <= this.bounds.streams && this.names <= this.bounds.names)) return
      looks += 1
      if (!appends.isIdle || appends === fresh) continue
      this.known.delete(stream)
      this.names -= this.sizes.get(appends) ?? 0
      this.sizes.delete(appends)
    }
  }
}
