/** Appends to the server that may be under way: beyond them waiting here costs less than waiting there. */
const IN_FLIGHT_MAX = 512

/** Lets a bounded number through at a time; what people wait for goes before what programs send in bulk. */
export class Gate {
  private free = IN_FLIGHT_MAX
  private readonly interactive: (() => void)[] = []
  private readonly bulk: (() => void)[] = []

  async pass<T>(isBulk: boolean, run: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1
    else await new Promise<void>((resolve) => (isBulk ? this.bulk : this.interactive).push(resolve))
    try {
      return await run()
    } finally {
      const next = this.interactive.shift() ?? this.bulk.shift()
      if (next) next()
      else this.free += 1
    }
  }
}
