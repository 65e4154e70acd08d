import { type EventBatch } from '#event-store'
import { type Logger, reasonOf } from '#runtime'
import { allEnded } from '../all-ended.js'
import { bounded } from '../bounded.js'
import { type LaneChanges } from '../project/changes.js'
import { LANES } from '../project/lanes.js'
import { BUDGET_KEY, CACHE_BYTES_MAX } from './budget.js'
import { CachedLane, type LaneSetup } from './cached-lane.js'
import { TTL_S } from './keys.js'
import { type Redis } from './redis.js'
import { Script } from './script.js'
import { APPLY_LUA, TEND_LUA } from './scripts.js'
import { sweepGenerations } from './sweep.js'

/** How long folding waits for Redis, in ms. What was not answered by then is not waited for again until it is. */
const WRITE_MS_MAX = 1_000

/**
 * Brings committed batches to Redis: documents, the applied position and the change feed of each lane, all in one script. A batch that
 * Redis missed begins a new generation of that lane, so that nothing stale can look fresh.
 */
export class CacheWriter {
  private readonly lanes: readonly CachedLane[]
  private readonly applyScript = new Script(APPLY_LUA)
  private readonly tendScript = new Script(TEND_LUA)
  /** What Redis was sent, and has not answered: a batch, a look after what is there. */
  private readonly unanswered = new Set<Promise<unknown>>()
  private isSweeping = false
  /** Lanes are beginning, or beginning anew. */
  private mending: Promise<void> | undefined
  /** That has taken longer than anybody waits. */
  private isLate = false

  constructor(
    private readonly redis: Redis,
    setups: readonly LaneSetup[],
    private readonly logger: Logger,
    /** Budget of the cached rows, in bytes. */
    private readonly bytes_max = CACHE_BYTES_MAX,
  ) {
    this.lanes = setups.map((setup) => new CachedLane(redis, setup, logger))
  }

  /** Before the first batch: goes on where Redis is, if that is where the database is. Never throws. */
  async begin(): Promise<void> {
    await this.patiently(async () => {
      await this.redis.hSet(BUDGET_KEY, 'max', this.bytes_max)
      await allEnded(this.lanes.map((lane) => lane.begin()))
    })
    if (this.lanes.some(({ isBroken }) => isBroken)) this.logger.warn('Redis cannot be written yet')
  }

  /** Never throws: a Redis that is down or hangs costs caching, never folding. */
  async apply({ position }: Pick<EventBatch, 'position'>, changes: LaneChanges): Promise<void> {
    const due = this.lanes.filter((lane) => lane.moveTo(position))
    const going = due.filter(({ isBroken }) => !isBroken)
    if (going.length > 0) await this.send(going, position, changes)
    await this.mend()
  }

  /**
   * Called every second or so, while idle too: what Redis has lost must not wait for the next event, and what nobody tends goes after {@link TTL_S}.
   * Never throws.
   */
  async tend(): Promise<void> {
    const going = this.lanes.filter(({ isBroken }) => !isBroken)
    // A connection that hangs is given up only when nobody writes to it; and a batch under way says itself whether it follows on.
    if (going.length > 0 && this.unanswered.size === 0) await this.lookAfter(going)
    await this.mend()
  }

  private async lookAfter(lanes: readonly CachedLane[]): Promise<void> {
    const keys = lanes.map(({ key }) => key)
    try {
      const args = [String(TTL_S), ...lanes.flatMap((lane) => lane.leftAs())]
      const outcomes = await this.run(this.tendScript, keys, args)
      for (const [at, lane] of lanes.entries()) if (outcomes[at] === 'gap') this.told(lane, 'gap')
    } catch {
      // Redis is away, which its client has said: the next batch, or the next look, sees what is left.
    }
  }

  /** Begins anew where Redis missed something. Never throws. */
  private async mend(): Promise<void> {
    if (!this.lanes.some(({ isBroken }) => isBroken)) return
    await this.patiently(async () => {
      for (const lane of this.lanes) if (lane.isBroken) await lane.reset()
      // Redis may have lost that, too.
      await this.redis.hSet(BUDGET_KEY, 'max', this.bytes_max)
      this.sweep()
    })
  }

  /** One at a time, and nobody waits for one that is late: lanes stay broken until it has come to its end. */
  private async patiently(work: () => Promise<void>): Promise<void> {
    if (this.isLate) return
    const mending = (this.mending ??= work().finally(() => {
      this.mending = undefined
      this.isLate = false
    }))
    try {
      await bounded(mending, WRITE_MS_MAX, 'Redis')
    } catch {
      // Redis is away, which its client has said, or still busy with this.
      this.isLate = this.mending === mending
    }
  }

  /** In the background: it may take longer than folding can wait. */
  private sweep(): void {
    if (this.isSweeping) return
    this.isSweeping = true
    const states = LANES.flatMap((lane) => this.lanes[0]?.stateOf(lane) ?? [])
    sweepGenerations(this.redis, states, TTL_S)
      .catch((error: unknown) => this.logger.warn({ reason: reasonOf(error) }, 'old rows stay until they expire'))
      .finally(() => {
        this.isSweeping = false
      })
  }

  /** A batch that Redis is not told of: where that happens, the lane begins anew. */
  skip({ position }: Pick<EventBatch, 'position'>): void {
    for (const lane of this.lanes) if (lane.moveTo(position)) lane.isBroken = true
  }

  private async send(due: readonly CachedLane[], position: bigint, changes: LaneChanges): Promise<void> {
    const lanes: CachedLane[] = []
    const parts: string[] = []
    for (const lane of due) {
      const part = lane.arguments(position, changes.get(lane.lane))
      if (part) lanes.push(lane)
      parts.push(...(part ?? []))
    }
    if (lanes.length < due.length)
      this.logger.info(
        { position: position.toString() },
        'a batch changes more than can be told; new generations begin',
      )
    if (lanes.length === 0) return
    try {
      const keys = lanes.map(({ key }) => key)
      const args = [String(TTL_S), position.toString(), ...parts]
      const outcomes = await this.run(this.applyScript, keys, args)
      for (const [at, lane] of lanes.entries()) this.told(lane, outcomes[at])
    } catch (error) {
      for (const lane of lanes) lane.isBroken = true
      this.logger.warn({ reason: reasonOf(error) }, 'a batch did not reach Redis')
    }
  }

  /** @returns an outcome for each lane. @throws when Redis does not answer in time. */
  private async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<readonly string[]> {
    const answer = script.run(this.redis, keys, args)
    this.unanswered.add(answer)
    const answered = (): boolean => this.unanswered.delete(answer)
    answer.then(answered, answered)
    return (await bounded(answer, WRITE_MS_MAX, 'Redis')) as readonly string[]
  }

  private told(lane: CachedLane, outcome: string | undefined): void {
    if (outcome === 'ok') return
    lane.isBroken = outcome === 'gap'
    if (outcome === 'fenced') return lane.fenced()
    const told = { outcome, lane: lane.lane, position: lane.toldTo.toString() }
    this.logger.warn(told, 'the cache does not follow on; a new generation begins')
  }
}
