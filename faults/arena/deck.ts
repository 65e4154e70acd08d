import { type Random } from '#testing'

/** Deals every kind in a random order before it deals any again: a run of few rounds has met them all. */
export class Deck<T> {
  private left: T[] = []

  constructor(
    private readonly random: Random,
    private readonly kinds: readonly T[],
  ) {}

  deal(): T {
    if (this.left.length === 0) this.left = [...this.kinds]
    const kind = this.random.pick(this.left)
    this.left.splice(this.left.indexOf(kind), 1)
    return kind
  }
}
