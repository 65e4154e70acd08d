import pg from 'pg'
import { type RecordedEvent } from '#domain-kit'
import { CopyQuery, type EventBatch, type Upcasting } from '#event-store'
import { goodbye, type Logger, reasonOf } from '#runtime'
import { allEnded } from '../all-ended.js'
import { type LaneChanges, changesByLane, laneOf } from './changes.js'
import { foldBatch } from './fold-batch.js'
import { Lost } from './failure.js'
import { Member, type MemberPlan } from './member.js'
import { lengthOf } from './rows-length.js'
import { type TableChanges, type TableState } from './table-state.js'
import { type ReadTable } from '../tables/table.js'
import { advanceSql, membersSql, type MovedMember } from './unit-sql.js'
import { Upserts } from './upserts.js'
import { Wanting } from './wanting.js'
import { type Script, scriptOf } from './write-script.js'

export interface UnitOptions {
  readonly url: string
  /** Of its connections: whoever takes the lanes over ends them by it. */
  readonly name: string
  readonly fleet: string
  /** Lanes that are ours, and under which epoch. */
  readonly lanes: ReadonlyMap<number, bigint>
  /** How far each of these lanes is. Undefined: the unit catches up by itself, and moves no lane. */
  readonly positions?: ReadonlyMap<number, bigint> | undefined
  readonly members: readonly MemberPlan[]
  readonly logger: Logger
  /** What is folded of an event. Default: the event, as it is stored. */
  readonly upcasting?: Upcasting
  /** Rows of more than about so many UTF-16 units are not written at once, but for those of one event. Default 4 Mi. */
  readonly length_max?: number
}

/**
 * Several batches are on their way at a time, each as rows, as what Postgres is sent, and as what the cache is told. As JSON, with every character
 * escaped and with what stands around the rows, it stays below what a lane can be told of a batch.
 */
const LENGTH_MAX = 4 * 1024 * 1024
/** By which more events are tried after some that were not too many. */
const GROWTH = 1.25

/** A batch, or the first part of one, that is folded, and not yet written. */
export interface Folded {
  readonly batch: EventBatch
  readonly writes: readonly TableChanges[]
  readonly script: Script
}

/**
 * Builds folded together: rows and checkpoints of a batch change in one transaction, which the lanes' epochs fence, and where the checkpoints
 * stood: a batch that was given up, and was committed all the same, lets none be folded upon it that does not know it. While one batch is being
 * written the next one may be folded. Dies with its first error; the next unit begins at the checkpoints.
 */
export class ProjectionUnit {
  private readonly members: readonly Member[]
  private readonly wanting: Wanting
  private readonly states: ReadonlyMap<ReadTable, TableState>
  /** How far each lane is that it moves. */
  private readonly positions: Map<number, bigint>
  private readonly upserts = new Upserts()
  private folded: bigint
  private isJoining: boolean
  /** The batch before is being committed, or was. */
  private committing: Promise<unknown> = Promise.resolve()
  /** What was folded last, or could not be: a batch, or the first part of one. */
  tried: EventBatch | undefined
  /** Of a batch so many are folded at a time: since one came to too many rows. */
  private events_max = Infinity

  private constructor(
    private readonly options: UnitOptions,
    private readonly writing: pg.Client,
    private readonly reading: pg.Client,
  ) {
    this.members = options.members.map((plan) => new Member(plan))
    this.wanting = new Wanting(this.members, options.upcasting)
    this.states = new Map(this.members.flatMap(({ states }) => [...states.values()].map((each) => [each.table, each])))
    this.positions = new Map(options.positions)
    this.folded = this.least()
    this.isJoining = options.members.some(({ joining }) => joining.size > 0)
  }

  /** @throws when the database does not answer. */
  static async open(options: UnitOptions): Promise<ProjectionUnit> {
    // Several folds ask at a time.
    const clients = [connection(options), connection(options, { pipeline: true })] as const
    try {
      await Promise.all(clients.map((each) => each.connect()))
    } catch (error) {
      await Promise.all(clients.map(goodbye))
      throw error
    }
    return new ProjectionUnit(options, ...clients)
  }

  /** The last position folded: where reading goes on. */
  get position(): bigint {
    return this.folded
  }

  /** Does it move no lane? */
  private get isApart(): boolean {
    return this.options.positions === undefined
  }

  private least(): bigint {
    const all = [...this.positions.values(), ...this.members.flatMap((each) => [...each.positions.values()])]
    return all.reduce((least, each) => (each < least ? each : least), all[0] ?? 0n)
  }

  /**
   * Reads what it needs; writes nothing. Of a batch that comes to more rows than are written at once only a first part is folded: events of a few
   * bytes may touch rows of many.
   *
   * @throws what a fold throws.
   */
  async fold(batch: EventBatch): Promise<Folded> {
    if (batch.after !== this.folded)
      throw new Error(`a hole in the log: ${this.folded} is folded, the next batch begins after ${batch.after}`)
    for (;;) {
      const part = firstOf(batch, this.events_max)
      this.tried = part
      const writes = await this.foldEvents(part.events)
      if (part.events.length > 1 && !this.isWritable(writes)) {
        // What it knows is of the whole, and what is not committed yet cannot be read anew.
        await this.committing
        this.forget()
        this.events_max = part.events.length / 2
        continue
      }
      // What comes next may be like it: more is tried little by little.
      this.events_max *= GROWTH
      const script = scriptOf(writes, this.upserts)
      this.folded = part.position
      return { batch: part, writes, script }
    }
  }

  private isWritable(writes: readonly TableChanges[]): boolean {
    return lengthOf(writes) <= (this.options.length_max ?? LENGTH_MAX)
  }

  private forget(): void {
    for (const member of this.members) member.forget()
  }

  /**
   * Makes it last, one at a time. @throws {@link Lost} when a lane is another's by now, or not where it was; whatever Postgres throws. Nothing of the
   * batch was written then.
   */
  async commit(folded: Folded): Promise<void> {
    const done = this.write(folded)
    this.committing = done.catch(() => undefined)
    for (const { table, inserts } of folded.writes) if (inserts.length > 0) this.states.get(table)?.wait(done)
    await done
  }

  /** What a batch did to what is live, by lane; see {@link Member.untold}. */
  changes({ writes }: Folded): LaneChanges {
    const live = new Map(
      this.members
        .filter(({ plan }) => plan.slot === 'live')
        .flatMap(({ plan, untold }) => plan.tables.map((table) => [table, untold] as const)),
    )
    return changesByLane(
      writes.flatMap(({ table, touched }) => {
        const untold = live.get(table)
        if (!untold) return []
        return untold.size === 0 ? touched : touched.filter((each) => !untold.has(laneOf(each)))
      }),
    )
  }

  /** True once: after the last of the builds that were behind has met its lanes. */
  hasJoined(): boolean {
    if (!this.isJoining || this.members.some(({ joining }) => joining.size > 0)) return false
    this.isJoining = false
    return true
  }

  /**
   * Tries events, whatever is folded already, and keeps nothing of it. More rows than are written at once are folded, and not written: what was
   * refused was not so many. @throws as `fold` and `commit` do.
   */
  async rehearse(events: readonly RecordedEvent[]): Promise<void> {
    try {
      const writes = await this.foldEvents(events)
      if (events.length > 1 && !this.isWritable(writes)) return
      await this.writing.query('begin')
      await this.send(scriptOf(writes, this.upserts))
    } finally {
      this.forget()
      await this.writing.query(`rollback; ${this.upserts.forget()}`)
    }
  }

  /** A server that is gone does not say so: it is not waited for. */
  async close(): Promise<void> {
    await Promise.all([this.writing, this.reading].map(goodbye))
  }

  /** Builds that are where their lanes are go with them from now on; before the cache is asked how far each is. @throws {@link Lost} */
  async join(): Promise<void> {
    if (!this.isJoining) return
    await this.sendLast(0n, { statements: [], copies: [] })
    this.isJoining = this.members.some(({ joining }) => joining.size > 0)
    for (const member of this.members) member.untold = new Set(member.joining)
  }

  private async foldEvents(events: readonly RecordedEvent[]): Promise<readonly TableChanges[]> {
    // All at once: what one has to wait for, another can use the time of.
    const folding = [...this.wanting.of(events)].map(([{ plan, states }, wanted]) =>
      foldBatch(this.reading, plan.projection, states, wanted),
    )
    await allEnded(folding)
    return this.members.flatMap(({ states }) => [...states.values()].map((state) => state.take()))
  }

  private async write({ batch: { position }, script }: Folded): Promise<void> {
    try {
      await this.sendLast(position, script)
    } catch (error) {
      this.forget()
      throw error
    }
  }

  /** The transaction: these statements, fence and checkpoints. @param position 0n: nothing moves. @throws {@link Lost} */
  private async sendLast(position: bigint, { statements, copies }: Script): Promise<void> {
    const { fleet, lanes } = this.options
    const moved = this.moved(position)
    const [befores, reached] = this.isApart ? [undefined, null] : [this.positions, position > 0n ? position : null]
    const all = [...statements, advanceSql(fleet, lanes, befores, reached)]
    if (moved.length > 0) all.push(membersSql(moved))
    await this.send({ statements: all, copies })
    for (const positions of [this.positions, ...this.members.map((each) => each.positions)])
      for (const [lane, before] of positions) positions.set(lane, later(before, position))
    for (const { member, lane, position: at } of moved) if (at === null) member.joining.delete(lane)
  }

  /** Several statements without a transaction around them are one. */
  private async send({ statements, copies }: Script): Promise<void> {
    try {
      await CopyQuery.run(this.writing, statements.join(';\n'), ...copies)
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === LOST) throw new Lost()
      throw error
    }
  }

  /**
   * Only those that have a position of their own: all of them while catching up, else those that come along or meet their lane. One that is
   * ahead of its lane waits for it: at the lane's position it would be folded twice.
   */
  private moved(position: bigint): readonly MovedMember[] {
    const { isApart } = this
    return this.members.flatMap((member) =>
      [...member.positions]
        .filter(([lane]) => isApart || member.joining.has(lane))
        .map(([lane, before]) => {
          const at = later(before, position)
          const isMet = !isApart && at === later(this.positions.get(lane) ?? 0n, position)
          return { member, lane, before, position: isMet ? null : at }
        }),
    )
  }
}

/** @param count at least 1; a fraction is cut off. */
function firstOf(batch: EventBatch, count: number): EventBatch {
  if (batch.events.length <= count) return batch
  const events = batch.events.slice(0, count)
  return { after: batch.after, position: events.at(-1)?.position ?? batch.after, events }
}

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/** SQLSTATE that `headwater.must_hold` raises. */
const LOST = 'HW001'

/** `pipeline`: questions are sent without waiting for the answers of earlier ones. */
function connection({ url, name, logger }: UnitOptions, more: { readonly pipeline?: boolean } = {}): pg.Client {
  const client = new pg.Client({
    ...more,
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
  })
  client.on('error', (error) => logger.warn({ reason: reasonOf(error) }, "the projector's connection broke"))
  return client
}
