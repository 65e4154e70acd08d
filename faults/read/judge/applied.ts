import { type Ack } from '../load/history.js'

/** How many of a book's transactions the log holds at each position, as their acknowledgements say. */
export class Applied {
  private readonly positions: readonly bigint[]

  /** @param acks of every transaction of the book, in their order. */
  constructor(acks: readonly Pick<Ack, 'position'>[]) {
    this.positions = acks.map(({ position }) => position)
  }

  get total(): number {
    return this.positions.length
  }

  at(position: bigint): number {
    let [low, high] = [0, this.positions.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.positions[middle] ?? 0n) <= position) low = middle + 1
      else high = middle
    }
    return low
  }
}
