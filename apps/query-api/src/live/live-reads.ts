import {
  type Answer,
  type MissedItems,
  type NamedResource,
  type Place,
  positionSql,
  type Reader,
  type Reading,
} from '#read-models'
import { Problem } from '#runtime'

/** What subscriptions read. */
export type LiveReading = Reading & Pick<Reader, 'missed'>

export interface LiveReadsOptions {
  /** Reads at a time. */
  readonly running_max: number
  /** Reads at a time that wait for a position first. Default 1,024. */
  readonly waiting_max?: number
  /** Is a position one that no source can be expected to have yet of what is read? */
  readonly isAhead: (named: NamedResource, position: bigint) => boolean
}

interface Fresh {
  readonly minPosition: bigint
}

const WAITING_MAX = 1_024

/**
 * Reads for subscriptions, so many at a time at most: one change of what thousands watch, or a feed that begins anew, asks for as many reads
 * at once, and the replicas have others to answer. Those that ask for the same, as fresh as each other, take part in one read. Who
 * waits, waits in the order of asking; there are no more than there are subscriptions.
 *
 * What asks for a position that is still to come waits aside: who only waits keeps nobody from reading.
 */
export class LiveReads implements LiveReading {
  private running = 0
  private aside = 0
  private readonly waiting: (() => void)[] = []
  /** Not begun, or not answered yet. */
  private readonly shared = new Map<string, Promise<Answer>>()

  constructor(
    private readonly reader: LiveReading & Pick<Reader, 'snapshot'>,
    private readonly options: LiveReadsOptions,
  ) {}

  document(...[named, fresh, at]: Parameters<Reading['document']>): Promise<Answer> {
    const read = (): Promise<Answer> => this.reader.document(named, fresh, at)
    // To ask how far a source is would cost as much as to read one row, and a cache may have it.
    return this.share([named.params, fresh, at], named, () =>
      this.options.isAhead(named, fresh.minPosition) ? this.waitAside(read) : this.inTurn(read),
    )
  }

  list(...[named, query, fresh]: Parameters<Reading['list']>): Promise<Answer> {
    return this.share([named.params, named.only, query, fresh], named, () =>
      this.whenReached(named, fresh, () => this.reader.list(named, query, fresh)),
    )
  }

  collection(...[named, query, fresh, at]: Parameters<Reading['collection']>): Promise<Answer> {
    return this.share([named.params, named.only, query, fresh, at], named, () =>
      this.whenReached(named, fresh, () => this.reader.collection(named, query, fresh, at)),
    )
  }

  missed(named: NamedResource, after: Place, limit: number, fresh: Fresh): Promise<MissedItems> {
    return this.whenReached(named, fresh, () => this.reader.missed(named, after, limit, fresh))
  }

  private share(asked: readonly unknown[], { readable }: NamedResource, read: () => Promise<Answer>): Promise<Answer> {
    const key = `${readable.path} ${JSON.stringify(asked, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`
    const other = this.shared.get(key)
    if (other) return other
    const mine = read().finally(() => this.shared.delete(key))
    this.shared.set(key, mine)
    return mine
  }

  private async whenReached<T>(named: NamedResource, { minPosition }: Fresh, read: () => Promise<T>): Promise<T> {
    if (this.options.isAhead(named, minPosition))
      await this.waitAside(() =>
        this.reader.snapshot(named.readable, positionSql(named.readable, named.params), minPosition),
      )
    return this.inTurn(read)
  }

  /** @throws Problem `overloaded`; whatever `wait` throws */
  private async waitAside<T>(wait: () => Promise<T>): Promise<T> {
    const { waiting_max = WAITING_MAX } = this.options
    if (this.aside >= waiting_max)
      throw Problem.of('overloaded', `${waiting_max} subscriptions wait for a position that is still to come`)
    this.aside += 1
    try {
      return await wait()
    } finally {
      this.aside -= 1
    }
  }

  private async inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.running < this.options.running_max) this.running += 1
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
