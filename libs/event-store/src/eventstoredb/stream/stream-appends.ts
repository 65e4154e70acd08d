import { type AppendResult, StoreUnavailable } from '../../port.js'
import { type Connections } from '../client/connections.js'
import { type Gate, wireBytes } from '../client/gate.js'
import { type Planned } from '../log/planned.js'
import { type Indexed, type NameIndex, type NamePlace } from '../names/name-index.js'
import { type Attempts } from '../patience.js'
import { appendExactly, type ExactResult } from './append-exactly.js'
import { conflictsOf } from './conflict.js'
import { KnownStream } from './known-stream.js'
import { readOn, readTail, type TailReader } from './read-tail.js'
import { decideRound, keysOf, type Round } from './round.js'

/** How often others may be faster at one stream before the answer is that it is too busy. */
const OVERTAKEN_MAX = 20

interface Waiting {
  readonly planned: Planned
  overtaken: number
  resolve(result: AppendResult): void
  reject(error: unknown): void
}

interface LookUp {
  readonly key: string
  resolve(place: NamePlace | undefined): void
  reject(error: unknown): void
}

export interface StreamAppendsContext extends TailReader {
  readonly appends: Connections
  /** Of an append. */
  readonly patience: Attempts
  readonly index: NameIndex
  readonly gate: Gate
}

/**
 * The appends of one stream, one request to the server at a time. What comes meanwhile goes together with the next: the
 * server would take events at a revision behind ones of somebody else, so a chain must not be sent ahead of its answers.
 */
export class StreamAppends {
  private readonly known = new KnownStream()
  private waiting: Waiting[] = []
  private lookUps: LookUp[] = []
  private isRunning = false
  /** What was sent last may stand behind what is known. */
  private isDoubtful = false

  constructor(
    private readonly context: StreamAppendsContext,
    private readonly stream: string,
    private readonly onIdle: () => void,
  ) {}

  get isIdle(): boolean {
    return !this.isRunning
  }

  /** Names in memory. */
  get size(): number {
    return this.known.size
  }

  async append(planned: Planned): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ planned, overtaken: 0, resolve, reject })
      this.run()
    })
  }

  async find(key: string): Promise<NamePlace | undefined> {
    return new Promise((resolve, reject) => {
      this.lookUps.push({ key, resolve, reject })
      this.run()
    })
  }

  private run(): void {
    if (this.isRunning) return
    this.isRunning = true
    void this.work()
  }

  private async work(): Promise<void> {
    // One turn of the event loop: what came together leaves together.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.waiting.length > 0 || this.lookUps.length > 0) {
      const waiting = this.waiting.splice(0)
      const lookUps = this.lookUps.splice(0)
      try {
        await this.round(waiting, lookUps)
      } catch (error) {
        for (const { reject } of [...waiting, ...lookUps]) reject(error)
      }
    }
    this.isRunning = false
    this.onIdle()
  }

  private async round(waiting: readonly Waiting[], lookUps: readonly LookUp[]): Promise<void> {
    const indexed = await this.context.index.lookUp([
      ...lookUps.map(({ key }) => key),
      ...waiting.flatMap(({ planned }) => keysOf(planned)),
    ])
    const isFresh = await this.reach(indexed.through)
    if (this.known.isFull) throw new StoreUnavailable('the index of names is too far behind', { overloaded: true })
    let round = this.decide(waiting, indexed)
    if (!isFresh && (lookUps.length > 0 || round.refused.length > 0)) {
      await this.refresh()
      round = this.decide(waiting, indexed)
    }
    for (const { key, resolve } of lookUps) resolve(this.known.find(key, indexed))
    for (const [{ resolve }, result] of round.settled) resolve(result)
    await this.refuse(round.refused)
    this.waiting.unshift(...round.later)
    if (round.accepted.length > 0) await this.send(round.accepted)
  }

  /** Knows all names beyond the index. @returns whether the stream was read for it. */
  private async reach(through: bigint): Promise<boolean> {
    if (!this.known.covers(through)) {
      this.known.begin(await readTail(this.context, this.stream, through), through)
      this.isDoubtful = false
      return true
    }
    this.known.prune(through)
    if (!this.isDoubtful) return false
    await this.refresh()
    return true
  }

  private decide(waiting: readonly Waiting[], indexed: Indexed): Round<Waiting> {
    return decideRound(waiting, { head: this.known.head, find: (key) => this.known.find(key, indexed) })
  }

  /** What others have appended. */
  private async refresh(): Promise<void> {
    for await (const logged of readOn(this.context, this.stream, BigInt(this.known.head.revision + 1))) {
      this.known.mustJoin(logged.event)
      this.known.add(logged)
    }
    this.isDoubtful = false
  }

  private async refuse(refused: readonly Waiting[]): Promise<void> {
    const { revision } = this.known.head
    const planned = refused.map((each) => each.planned)
    try {
      const answerTo = await conflictsOf(this.context, this.stream, revision, planned)
      for (const each of refused) each.resolve(answerTo(each.planned))
    } catch (error) {
      for (const { reject } of refused) reject(error)
    }
  }

  private async send(accepted: readonly Waiting[]): Promise<void> {
    const { appends, gate, patience, streams } = this.context
    const after = this.known.head.revision
    const events = accepted.flatMap(({ planned }) => planned.events.map(({ data }) => data))
    const bytes = accepted.reduce((sum, { planned }) => sum + planned.bytes, 0)
    const name = streams.onServer(this.stream)
    const passage = {
      bytes: wireBytes(name, events.length, bytes),
      isBulk: accepted.every(({ planned }) => planned.isBulk),
    }
    let result: ExactResult
    try {
      result = await gate.pass(passage, () => appendExactly(appends, name, after, events, bytes, patience))
    } catch (error) {
      this.isDoubtful = true
      for (const { reject } of accepted) reject(error)
      return
    }
    if (result) await this.answer(accepted, after, result)
    else await this.overtaken(accepted)
  }

  private async answer(accepted: readonly Waiting[], after: number, last: NonNullable<ExactResult>): Promise<void> {
    let positions: ReadonlyMap<number, bigint>
    try {
      positions = await this.positions(accepted, after, last)
    } catch (error) {
      // They are in the log, and the stream is still known up to before them: who asks again finds where.
      this.isDoubtful = true
      for (const { reject } of accepted) reject(error)
      return
    }
    let revision = after
    for (const { planned, resolve } of accepted) {
      revision += planned.events.length
      const place = {
        stream: this.stream,
        revision: BigInt(revision),
        position: positions.get(revision) ?? last.position,
      }
      this.known.took(keysOf(planned), { ...place, requestHash: planned.requestHash })
      this.known.endsAt(revision, planned.lastId)
      resolve({ outcome: 'appended', ...place })
    }
  }

  /** By revision. The server tells the last position only: those of several appends that went together are read. */
  private async positions(
    accepted: readonly Waiting[],
    after: number,
    { revision, position }: NonNullable<ExactResult>,
  ): Promise<ReadonlyMap<number, bigint>> {
    const positions = new Map([[revision, position]])
    if (accepted.length === 1) return positions
    for await (const { event } of readOn(this.context, this.stream, BigInt(after + 1)))
      positions.set(Number(event.revision), event.position)
    if (positions.size < revision - after) throw new StoreUnavailable(`"${this.stream}" was not read up to ${revision}`)
    return positions
  }

  /** Somebody else has appended: all of them are decided upon anew. */
  private async overtaken(accepted: readonly Waiting[]): Promise<void> {
    try {
      await this.refresh()
    } catch (error) {
      for (const { reject } of accepted) reject(error)
      return
    }
    const again = accepted.filter((each) => {
      each.overtaken += 1
      if (each.overtaken < OVERTAKEN_MAX) return true
      each.reject(new StoreUnavailable(`"${this.stream}" is too busy: others were faster ${OVERTAKEN_MAX} times`))
      return false
    })
    this.waiting.unshift(...again)
  }
}
