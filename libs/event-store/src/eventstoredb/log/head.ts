import { BACKWARDS, END, type Position, type ResolvedEvent } from '@eventstore/db-client'
import { StoreUnavailable } from '../../port.js'
import { positionOf } from '../position.js'
import { PAGE, type Reading } from './reading.js'
import { commitOf, logged } from './recorded.js'
import { type StreamNames } from './streams.js'

/** Events that are not ours and lie behind our last one: so many are looked at, then the answer is that nobody knows. */
const FOREIGN_MAX = 200_000
const FIRST_PAGE = 16

/** Nothing of ours stands after `last` up to `through`. */
export interface KnownEnd {
  readonly last: bigint
  readonly through: bigint
}

/** Where the log ends: the position of its last event, from the end of the server's log backwards to what is known. */
export class Head {
  private known: KnownEnd = { last: 0n, through: 0n }

  constructor(
    private readonly reading: Reading,
    private readonly streams: StreamNames,
    /** What the index of names knows; asked once, before the first scan. */
    private readonly hint: () => Promise<KnownEnd>,
  ) {}

  /** @throws StoreUnavailable */
  async find(): Promise<bigint> {
    if (this.known.through === 0n) this.learn(await this.hint())
    let from: Position | typeof END = END
    let through = 0n
    for (let seen = 0; seen < FOREIGN_MAX;) {
      const page = await this.reading.all(from, BACKWARDS, seen === 0 ? FIRST_PAGE : PAGE)
      if (from === END) this.mustReach(page[0])
      for (const each of page) {
        const position = positionOf(commitOf(each))
        if (through === 0n) through = position
        const isOurs = logged(this.streams, each) !== undefined
        if (!isOurs && position > this.known.through) continue
        this.learn({ last: isOurs ? position : this.known.last, through })
        return this.known.last
      }
      const last = page.at(-1)
      if (!last) {
        this.learn({ last: this.known.last, through })
        return this.known.last
      }
      seen += page.length
      from = { commit: commitOf(last), prepare: commitOf(last) }
    }
    throw new StoreUnavailable(`the last ${FOREIGN_MAX} events of the server are not of this log; its end is not known`)
  }

  /** @throws StoreUnavailable when the server's log is shorter than what was seen of it before: names would be taken twice. */
  private mustReach(end: ResolvedEvent | undefined): void {
    const position = end ? positionOf(commitOf(end)) : 0n
    const { through } = this.known
    if (position < through)
      throw new StoreUnavailable(
        `the server's log ends at ${position}, and it was read up to ${through}: the index of names is of another log`,
      )
  }

  /** Two searches may overlap, and what is known never gets less. */
  private learn({ last, through }: KnownEnd): void {
    if (through <= this.known.through) return
    this.known = { last: last > this.known.last ? last : this.known.last, through }
  }
}
