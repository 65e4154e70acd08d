import { type EventBatch } from '#event-store'

/**
 * How many positions an event takes, as the batches tell that were read. One, where positions have no gaps; on EventStoreDB they are places in a
 * file, and a few events are thousands of positions apart. Stretches without any of our events do not count: they may be of any length.
 */
export class Spacing {
  private events = 0n
  private positions = 0n

  add({ events }: Pick<EventBatch, 'events'>): void {
    const [first, last] = [events[0], events.at(-1)]
    if (!first || !last) return
    this.events += BigInt(events.length - 1)
    this.positions += last.position - first.position
  }

  /** About as many positions as so many events take. Before two of them were read together, as many as there are events. */
  positionsOf(events: bigint): bigint {
    return this.events === 0n ? events : (events * this.positions) / this.events
  }
}
