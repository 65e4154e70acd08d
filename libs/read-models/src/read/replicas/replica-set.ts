import type pg from 'pg'
import { type Logger, reasonOf } from '#runtime'
import { bestOf, lessBusyOfTwo } from './choose.js'
import { blameFor, overloaded, toldOf } from './failure.js'
import { FreshestHistory, isLagging, type LagBounds } from './lag.js'
import { BUSY_MS, type Haste } from './pauses.js'
import { Replica } from './replica.js'
import { type Need, Waiting } from './waiting.js'
import { ReplicaWatch } from './watch.js'

export interface ReplicaSetOptions {
  readonly urls: readonly string[]
  /** Connections to each replica, at most; one of them watches. At least 2. */
  readonly pool_max: number
  readonly logger: Logger
  /** When a replica lags. Default: by more than 100 positions for 3 s, or at all for 30 s. */
  readonly lag?: LagBounds
  /** A replica that does not tell its position for so long, in ms, hangs. Default 500. */
  readonly hang_ms_max?: number
  /** Projectors that have not been heard of for so long, in ms, may have committed what nobody was told of. Default 1,000. */
  readonly quiet_ms?: number
}

export interface ReplicaStatus {
  readonly name: string
  readonly position: bigint
  /** Positions behind the replica that is furthest. */
  readonly lag: bigint
  readonly inFlight: number
  readonly isEjected: boolean
}

/** What was read at which replica. */
export interface Read<T> {
  readonly replica: Replica
  readonly result: T
}

type Query<T> = (client: pg.ClientBase) => Promise<T>

const LAG: LagBounds = { positions_max: 100, ms_max: 3_000 }
const HANG_MS_MAX = 500
const QUERY_MS_MAX = 30_000
/** One that is away is tried only when nothing else is left, and not for long. */
const AWAY_QUERY_MS_MAX = 1_000
const WAITING_MAX = 4_096
const WAITING_OF_SUBJECT_MAX = 256
/** A replica whose position was last heard of so long ago has probably moved on. */
const LIKELY_MS = 25
const QUIET_MS = 1_000

/**
 * The replicas, as one source. Knows how far each is from what its answers say and from a watch on each; asks one that is fresh
 * enough, the less busy of two; leaves out the dead and the lagging for as long as a better one is left, and takes them back.
 */
export class ReplicaSet {
  private readonly replicas: readonly Replica[]
  private readonly watches: readonly ReplicaWatch[]
  private readonly history = new FreshestHistory()
  private readonly lag: LagBounds
  private readonly waiting = new Waiting({
    waits_max: WAITING_MAX,
    ofSubject_max: WAITING_OF_SUBJECT_MAX,
    onChange: () => this.hurry(),
  })
  /** A projector was heard to have committed up to here. */
  private committed = 0n
  private committed_ms = -Infinity
  private haste: Haste = 'none'

  constructor(private readonly options: ReplicaSetOptions) {
    const { urls, pool_max, logger, hang_ms_max = HANG_MS_MAX } = options
    this.lag = options.lag ?? LAG
    this.replicas = urls.map((url) => new Replica({ url, pool_max: Math.max(1, pool_max - 1), logger }))
    this.watches = this.replicas.map((replica, at) => {
      const onAnswer = (): void => this.answered(replica)
      const onSilence = (reason: string, isNews: boolean): void => {
        if (isNews) replica.giveUp(reason)
        this.leave(replica, reason)
      }
      return new ReplicaWatch({ replica, url: urls[at] ?? '', hang_ms_max, onAnswer, onSilence })
    })
  }

  /** How far all of these are at the replica that is furthest. */
  freshest(of: Need['of']): bigint {
    return this.replicas.map((each) => each.knownOf(of)).reduce((most, each) => (each > most ? each : most), 0n)
  }

  /** How far all of these are at every replica. */
  least(of: Need['of']): bigint {
    const all = this.replicas.map((each) => each.knownOf(of))
    return all.reduce((least, each) => (each < least ? each : least), all[0] ?? 0n)
  }

  /** For how long, in ms, a position has not been the freshest that a replica was seen at. */
  staleFor_ms(position: bigint): number {
    return this.history.staleFor_ms(position, performance.now())
  }

  /** Queries that all of them take at a time. */
  get places(): number {
    return this.replicas.reduce((sum, { places }) => sum + places, 0)
  }

  get isAway(): boolean {
    return this.replicas.every(({ standing }) => standing === 'away')
  }

  status(): readonly ReplicaStatus[] {
    return this.replicas.map(({ name, position, inFlight, standing }) => ({
      name,
      position,
      lag: this.history.position - position,
      inFlight,
      isEjected: standing !== 'ready',
    }))
  }

  /**
   * The answer of a replica whose answer is far enough; undefined when within `wait_ms_max` there was none.
   *
   * @throws Problem `unavailable` when none answers, `overloaded` when all have as much to do as they may have, or as many wait as may.
   */
  async read<T>(
    query: Query<T>,
    need: Need,
    positionOf: (result: T) => bigint,
    wait_ms_max: number,
  ): Promise<Read<T> | undefined> {
    const end_ms = performance.now() + wait_ms_max
    const tries = new Tries()
    for (;;) {
      const left = this.replicas.filter((each) => !tries.failed.has(each))
      if (left.length === 0) throw tries.problem()
      const replica = this.choose(bestOf(left), need, tries.guessed)
      if (replica) {
        const result = await this.attempt(replica, query, tries)
        if (!result) continue
        const position = positionOf(result.value)
        this.saw(replica, need, position)
        if (position >= need.minPosition) return { replica, result: result.value }
        tries.guessed.add(replica)
        continue
      }
      const ms = end_ms - performance.now()
      if (ms <= 0) return undefined
      await this.waiting.wait(need, ms)
      // One that failed may be back.
      tries.failed.clear()
    }
  }

  /**
   * A projector has committed up to here. Until that is heard of, most replicas have it, too: whoever waits for it asks one at once, and only
   * when it has not, the replicas are asked again and again where they are.
   */
  expect(position: bigint): void {
    if (position <= this.committed) return
    this.committed = position
    this.committed_ms = performance.now()
    if (!this.waiting.isFor(position)) return
    // What is waited for is committed only now: pauses begin anew.
    this.haste = 'some'
    this.waiting.wakeIf(({ minPosition }) => minPosition <= position)
  }

  private hurry(): void {
    const haste = this.hasteNow()
    if (haste === 'due' && this.haste === 'due') return
    this.haste = haste
    const now_ms = performance.now()
    for (const watch of this.watches) watch.hurry(haste, now_ms)
  }

  private hasteNow(): Haste {
    if (this.waiting.size === 0) return 'none'
    if (this.waiting.isFor(this.committed)) return 'due'
    return this.isQuiet ? 'some' : 'none'
  }

  /** Else what is not known to be committed is hardly there. */
  private get isQuiet(): boolean {
    return this.committed_ms < performance.now() - (this.options.quiet_ms ?? QUIET_MS)
  }

  async close(): Promise<void> {
    await Promise.all(this.watches.map((each) => each.close()))
    await Promise.all(this.replicas.map((each) => each.close()))
  }

  /** One that is known to be far enough; else, once each, one that has probably come so far: it is committed, or the replica was last heard of a while ago. */
  private choose(left: readonly Replica[], need: Need, guessed: ReadonlySet<Replica>): Replica | undefined {
    const fresh = left.filter((each) => each.knownOf(need.of) >= need.minPosition)
    if (fresh.length > 0) return lessBusyOfTwo(fresh)
    const isCommitted = this.committed >= need.minPosition
    if (!isCommitted && !this.isQuiet) return undefined
    const heard_ms = isCommitted ? Infinity : performance.now() - LIKELY_MS
    return lessBusyOfTwo(left.filter((each) => !guessed.has(each) && each.learned_ms < heard_ms))
  }

  private async attempt<T>(replica: Replica, query: Query<T>, tries: Tries): Promise<{ value: T } | undefined> {
    if (replica.isFull) {
      tries.fail(replica, overloaded())
      return undefined
    }
    try {
      const ms_max = replica.standing === 'away' ? AWAY_QUERY_MS_MAX : QUERY_MS_MAX
      return { value: await replica.run(query, ms_max) }
    } catch (error) {
      tries.fail(replica, error)
      if (blameFor(error) === 'replica') {
        // Perhaps it was that connection only: the watch will see.
        this.leave(replica, reasonOf(error))
        this.watches[this.replicas.indexOf(replica)]?.poke()
      }
      return undefined
    }
  }

  private saw(replica: Replica, { of, minPosition }: Need, position: bigint): void {
    if (of.length === 0) return
    // What was known is not so, as when a projection is folded anew: believing it would ask again at once.
    if (position < minPosition && replica.knownOf(of) >= minPosition) for (const each of of) replica.set(each, position)
    else for (const each of of) replica.saw(each, position)
    this.learned(replica)
  }

  private learned(replica: Replica): void {
    this.history.add(replica.position, performance.now())
    this.waiting.wakeIf((need) => replica.knownOf(need.of) >= need.minPosition)
  }

  private answered(replica: Replica): void {
    this.learned(replica)
    const wasAway = replica.standing === 'away'
    if (wasAway) this.stand(replica, 'ready', 'it answers again')
    const now_ms = performance.now()
    for (const each of this.replicas) {
      if (each.standing === 'away' || now_ms - each.learned_ms > 2 * BUSY_MS) continue
      const lags = isLagging(this.history, each.position, now_ms, this.lag)
      if (lags !== (each.standing === 'lagging'))
        this.stand(each, lags ? 'lagging' : 'ready', `at ${each.position} of ${this.history.position}`)
    }
    if (wasAway) this.waiting.wakeIf(() => true)
  }

  private leave(replica: Replica, reason: string): void {
    if (replica.standing !== 'away') this.stand(replica, 'away', reason)
  }

  private stand(replica: Replica, standing: Replica['standing'], reason: string): void {
    replica.standing = standing
    const about = { replica: replica.name, reason }
    if (standing === 'ready') this.options.logger.info(about, 'a replica is back')
    else this.options.logger.warn(about, standing === 'away' ? 'a replica is away' : 'a replica lags')
  }
}

/** What one query has tried so far. */
class Tries {
  readonly failed = new Set<Replica>()
  /** Asked although they were not known to be far enough, and they were not. */
  readonly guessed = new Set<Replica>()
  private error: unknown

  fail(replica: Replica, error: unknown): void {
    this.failed.add(replica)
    this.error = error
  }

  /** @returns what no other replica could mend either. */
  problem(): unknown {
    return toldOf(this.error)
  }
}
