import { type EventBatch } from '#event-store'

/**
 * How many positions an event takes, as the batches tell that were read. One, where positions have no gaps; on EventStoreDB they are places in a
 * file, and a few events are thousands of positions apart.
 */
export class Spacing {
  private events = 0n
  private positions = 0n

  add({ after, position, events }: EventBatch): void {
    this.events += BigInt(events.length)
    this.positions += position - after
  }

  /** About as many positions as so many events take. Before anything was read, as many as there are events. */
  positionsOf(events: bigint): bigint {
    if (this.positions === 0n) return events
    // None may have stood there: then one would have taken as much.
    return (events * this.positions) / (this.events === 0n ? 1n : this.events)
  }
}
