import { BACKWARDS, END, type Position, type ResolvedEvent } from '@eventstore/db-client'
import { StoreUnavailable } from '../../port.js'
import { positionOf } from '../position.js'
import { type Follower } from './follow-all.js'
import { followWhileAnswered } from './follow-while-answered.js'
import { PAGE } from './reading.js'
import { commitOf, logged } from './recorded.js'

/**
 * So many events are looked at from the end of the server's log backwards, some 0.4 s' work, for the last that is ours. When all of them are
 * somebody else's, the server itself passes over what lies before them: from what is known forwards, a million a second.
 */
const LOOK_BACK = 10_000
const FIRST_PAGE = 16

/** Nothing of ours stands after `last` up to `through`. */
export interface KnownEnd {
  readonly last: bigint
  readonly through: bigint
}

/** Where the log ends: the position of its last event. What was once looked through is not looked through again. */
export class Head {
  private known: KnownEnd = { last: 0n, through: 0n }
  private catchingUp: Promise<void> | undefined

  constructor(
    private readonly follower: Follower,
    /** What the index of names knows; asked once, before the first search. */
    private readonly hint: () => Promise<KnownEnd>,
    private readonly look_back = LOOK_BACK,
  ) {}

  /** Takes as long as it gets on, however many events of others there are. @throws StoreUnavailable when it does not. */
  async find(): Promise<bigint> {
    if (this.known.through === 0n) this.learn(await this.hint())
    for (;;) {
      const unseen = await this.lookBack()
      if (unseen === undefined) return this.known.last
      await (this.catchingUp ??= this.catchUp(unseen).finally(() => (this.catchingUp = undefined)))
    }
  }

  /** @returns undefined when the end is known now; else up to where there is more to look through. */
  private async lookBack(): Promise<bigint | undefined> {
    const { reading, streams } = this.follower
    let from: Position | typeof END = END
    let through = 0n
    for (let seen = 0; seen < this.look_back;) {
      const page = await reading.all(from, BACKWARDS, seen === 0 ? FIRST_PAGE : PAGE)
      if (from === END) this.mustReach(page[0])
      for (const each of page) {
        const position = positionOf(commitOf(each))
        if (through === 0n) through = position
        const isOurs = logged(streams, each) !== undefined
        if (!isOurs && position > this.known.through) continue
        this.learn({ last: isOurs ? position : this.known.last, through })
        return undefined
      }
      const last = page.at(-1)
      if (!last) {
        this.learn({ last: this.known.last, through })
        return undefined
      }
      seen += page.length
      from = { commit: commitOf(last), prepare: commitOf(last) }
    }
    return from === END ? undefined : positionOf(from.commit)
  }

  /** Learns on the way: whoever is interrupted goes on there. A server tells every 1,000 events where it is, and not at the end. */
  private async catchUp(unseen: bigint): Promise<void> {
    for await (const { events, position } of followWhileAnswered(this.follower, this.known.through, 0)) {
      this.learn({ last: events.at(-1)?.position ?? this.known.last, through: position })
      if (position >= unseen) return
    }
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
