import { type Answer, type MissedItems, type NamedResource, type Place, type Reader, type Reading } from '#read-models'

/** What subscriptions read. */
export type LiveReading = Reading & Pick<Reader, 'missed'>

interface Fresh {
  readonly minPosition: bigint
}

/**
 * Reads for subscriptions, so many at a time at most: one change of what thousands watch, or a feed that begins anew, asks for as many reads
 * at once, and the replicas have others to answer. Those that ask for the same, as fresh as each other, take part in one read. Who
 * waits, waits in the order of asking; there are no more than there are subscriptions.
 */
export class LiveReads implements LiveReading {
  private running = 0
  private readonly waiting: (() => void)[] = []
  /** Not begun, or not answered yet. */
  private readonly shared = new Map<string, Promise<Answer>>()

  /** @param running_max reads at a time. */
  constructor(
    private readonly reader: LiveReading,
    private readonly running_max: number,
  ) {}

  document(...[named, fresh, at]: Parameters<Reading['document']>): Promise<Answer> {
    return this.share([named.params, fresh, at], named, () => this.reader.document(named, fresh, at))
  }

  list(...[named, query, fresh]: Parameters<Reading['list']>): Promise<Answer> {
    return this.share([named.params, named.only, query, fresh], named, () => this.reader.list(named, query, fresh))
  }

  collection(...[named, query, fresh, at]: Parameters<Reading['collection']>): Promise<Answer> {
    return this.share([named.params, named.only, query, fresh, at], named, () =>
      this.reader.collection(named, query, fresh, at),
    )
  }

  missed(named: NamedResource, after: Place, limit: number, fresh: Fresh): Promise<MissedItems> {
    return this.inTurn(() => this.reader.missed(named, after, limit, fresh))
  }

  private share(asked: readonly unknown[], { readable }: NamedResource, read: () => Promise<Answer>): Promise<Answer> {
    const key = `${readable.path} ${JSON.stringify(asked, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`
    const other = this.shared.get(key)
    if (other) return other
    const mine = this.inTurn(read).finally(() => this.shared.delete(key))
    this.shared.set(key, mine)
    return mine
  }

  private async inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.running < this.running_max) this.running += 1
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      return await read()
    } finally {
      // The next one has this place.
      const next = this.waiting.shift()
      if (next) next()
      else this.running -= 1
    }
  }
}
