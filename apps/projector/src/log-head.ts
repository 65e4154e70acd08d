import { type EventStore } from '#event-store'

const HEAD_MS_MAX = 1_500

/** Where the log ends. However many ask at a time, and however often while it does not answer, the log is asked once. */
export class LogHead {
  private asking: Promise<bigint> | undefined

  constructor(
    private readonly store: Pick<EventStore, 'head'>,
    private readonly ms_max = HEAD_MS_MAX,
  ) {}

  /** @throws StoreUnavailable; Error when there is no answer within 1,500 ms. */
  async find(): Promise<bigint> {
    this.asking ??= this.store.head().finally(() => (this.asking = undefined))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the log did not answer within ${this.ms_max} ms`)), this.ms_max)
    })
    try {
      return await Promise.race([this.asking, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
