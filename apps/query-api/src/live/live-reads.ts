import { type Answer, type NamedResource, positionSql, type Reader, type Reading, SubjectPlaces } from '#read-models'
import { Problem } from '#runtime'
import { Slots } from './slots.js'

/** What subscriptions read. */
export type LiveReading = Reading & Pick<Reader, 'missed'>

/** For whom something is read. */
export interface Asker {
  /** Of its token. */
  readonly subject: string
  /** Nobody waits for the answer any more. */
  readonly isGone: boolean
}

export interface LiveReadsOptions {
  /** Reads at a time. */
  readonly running_max: number
  /** Reads at a time that wait for a position first. Default 1,024. */
  readonly waiting_max?: number
  /** As many of them are one token subject's at most, once half of all are taken. Default 256. */
  readonly waiting_of_subject_max?: number
  /** Is a position one that no source can be expected to have yet of what is read? */
  readonly isAhead: (named: NamedResource, position: bigint) => boolean
}

interface Fresh {
  readonly minPosition: bigint
}

/** A read that has not been answered, and all who take part in it. */
interface Shared {
  readonly answer: Promise<Answer>
  readonly askers: Asker[]
}

const WAITING_MAX = 1_024
const WAITING_OF_SUBJECT_MAX = 256

/**
 * Reads for subscriptions, so many at a time at most: one change of what thousands watch, or a feed that begins anew, asks for as many reads
 * at once, and the replicas have others to answer. Those that ask for the same, as fresh as each other, take part in one read. Who
 * waits, waits in the order of asking; there are no more than there are subscriptions. When nobody waits for an answer any more by the time
 * that its turn has come, it is not read.
 *
 * What asks for a position that is still to come waits aside: who only waits keeps nobody from reading.
 */
export class LiveReads {
  private readonly slots: Slots
  private readonly aside: SubjectPlaces
  /** Not begun, or not answered yet. */
  private readonly shared = new Map<string, Shared>()

  constructor(
    private readonly reader: LiveReading & Pick<Reader, 'snapshot'>,
    private readonly options: LiveReadsOptions,
  ) {
    this.slots = new Slots(options.running_max)
    this.aside = new SubjectPlaces({
      places_max: options.waiting_max ?? WAITING_MAX,
      ofSubject_max: options.waiting_of_subject_max ?? WAITING_OF_SUBJECT_MAX,
      who: 'subscriptions',
    })
  }

  for(asker: Asker): LiveReading {
    return {
      document: (...asked) => this.document(asker, ...asked),
      list: (...asked) => this.list(asker, ...asked),
      collection: (...asked) => this.collection(asker, ...asked),
      missed: (named, after, limit, fresh) =>
        this.whenReached([asker], named, fresh, () => this.reader.missed(named, after, limit, fresh)),
    }
  }

  private document(asker: Asker, ...[named, fresh, at]: Parameters<Reading['document']>): Promise<Answer> {
    const read = (): Promise<Answer> => this.reader.document(named, fresh, at)
    // To ask how far a source is would cost as much as to read one row, and a cache may have it.
    return this.share(asker, [named.params, fresh, at], named, (askers) =>
      this.options.isAhead(named, fresh.minPosition) ? this.waitAside(askers, read) : this.inTurn(askers, read),
    )
  }

  private list(asker: Asker, ...[named, query, fresh]: Parameters<Reading['list']>): Promise<Answer> {
    return this.share(asker, [named.params, named.only, query, fresh], named, (askers) =>
      this.whenReached(askers, named, fresh, () => this.reader.list(named, query, fresh)),
    )
  }

  private collection(asker: Asker, ...[named, query, fresh, at]: Parameters<Reading['collection']>): Promise<Answer> {
    return this.share(asker, [named.params, named.only, query, fresh, at], named, (askers) =>
      this.whenReached(askers, named, fresh, () => this.reader.collection(named, query, fresh, at)),
    )
  }

  private share(
    asker: Asker,
    asked: readonly unknown[],
    { readable }: NamedResource,
    read: (askers: readonly Asker[]) => Promise<Answer>,
  ): Promise<Answer> {
    const key = `${readable.path} ${JSON.stringify(asked, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`
    const other = this.shared.get(key)
    if (other) {
      other.askers.push(asker)
      return other.answer
    }
    const askers = [asker]
    const answer = read(askers).finally(() => this.shared.delete(key))
    this.shared.set(key, { answer, askers })
    return answer
  }

  private async whenReached<T>(
    askers: readonly Asker[],
    named: NamedResource,
    { minPosition }: Fresh,
    read: () => Promise<T>,
  ): Promise<T> {
    if (this.options.isAhead(named, minPosition))
      await this.waitAside(askers, () =>
        this.reader.snapshot(named, positionSql(named.readable, named.params), minPosition),
      )
    return this.inTurn(askers, read)
  }

  /** It counts as the first asker's, whoever takes part. @throws Problem `overloaded`; whatever `wait` throws */
  private async waitAside<T>([asker]: readonly Asker[], wait: () => Promise<T>): Promise<T> {
    const giveBack = this.aside.take(asker?.subject)
    try {
      return await wait()
    } finally {
      giveBack()
    }
  }

  /** @throws Problem `unavailable` when all who asked have gone; whatever `read` throws */
  private inTurn<T>(askers: readonly Asker[], read: () => Promise<T>): Promise<T> {
    return this.slots.run(async () => {
      if (askers.every(({ isGone }) => isGone)) throw Problem.of('unavailable', 'it was closed before it was read')
      return read()
    })
  }
}
