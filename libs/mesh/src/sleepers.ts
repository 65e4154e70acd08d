/** Those who wait for the same news. Who is woken looks by itself for what. */
export class Sleepers {
  private readonly waking = new Set<() => void>()

  get size(): number {
    return this.waking.size
  }

  /** Until there is news, so many milliseconds have passed (at least one), or the signal aborts. */
  async sleep(most_ms: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        this.waking.delete(done)
        resolve()
      }
      const timer = setTimeout(done, Math.max(1, most_ms))
      signal?.addEventListener('abort', done, { once: true })
      this.waking.add(done)
    })
  }

  /** There is news. */
  wake(): void {
    for (const each of [...this.waking]) each()
  }
}
