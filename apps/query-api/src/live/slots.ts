/** So many at a time; the others wait, in the order of asking. */
export class Slots {
  private running = 0
  private readonly waiting: (() => void)[] = []

  constructor(private readonly running_max: number) {}

  /** @throws whatever `work` throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.running_max) this.running += 1
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The next one has this place.
      const next = this.waiting.shift()
      if (next) next()
      else this.running -= 1
    }
  }
}
