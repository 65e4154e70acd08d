/** Wakes whoever waits for any of several things. */
export class Bell {
  private hasRung = false
  private wake: () => void = () => undefined

  readonly ring = (): void => {
    this.hasRung = true
    this.wake()
  }

  /** Until it has rung since the last call. One caller at a time. */
  async rung(): Promise<void> {
    if (!this.hasRung) await new Promise<void>((resolve) => (this.wake = resolve))
    this.hasRung = false
  }
}

/** What is on its way: it rings when it is here, and nobody need wait for it alone. */
export class Coming<T> {
  isHere = false
  private settled: (() => T) | undefined

  constructor(what: Promise<T>, bell: Bell) {
    const settle = (settled: () => T): void => {
      this.settled = settled
      this.isHere = true
      bell.ring()
    }
    what.then(
      (value) => settle(() => value),
      (error: unknown) =>
        settle(() => {
          throw error
        }),
    )
  }

  /** Once it is here. @throws what it failed with. */
  take(): T {
    if (!this.settled) throw new Error('it has not come yet')
    return this.settled()
  }
}
