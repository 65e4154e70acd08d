import { type EventBatch } from '#event-store'
import { type Logger, reasonOf } from '#runtime'
import { type LaneChanges } from '../project/changes.js'
import { CachedLane, type LaneSetup } from './cached-lane.js'
import { type Redis } from './redis.js'
import { APPLY_LUA } from './scripts.js'

/** Cached rows live this long after they were last written. */
export const ROW_TTL_S = 3_600

/**
 * Brings committed batches to Redis: documents, the applied position and the change feed of each lane, all in one script. A batch that
 * Redis missed begins a new generation of that lane, so that nothing stale can look fresh.
 */
export class CacheWriter {
  private readonly lanes: readonly CachedLane[]

  constructor(
    private readonly redis: Redis,
    setups: readonly LaneSetup[],
    private readonly logger: Logger,
  ) {
    this.lanes = setups.map((setup) => new CachedLane(redis, setup))
  }

  /** Before the first batch: goes on where Redis is, if that is where the database is. Never throws. */
  async begin(): Promise<void> {
    try {
      await Promise.all(this.lanes.map((lane) => lane.begin()))
    } catch (error) {
      this.logger.warn({ reason: reasonOf(error) }, 'Redis cannot be written yet')
    }
  }

  /** Never throws: a Redis that is down costs caching, never folding. */
  async apply({ position }: Pick<EventBatch, 'position'>, changes: LaneChanges): Promise<void> {
    const due = this.lanes.filter((lane) => lane.moveTo(position))
    const going = due.filter(({ isBroken }) => !isBroken)
    if (going.length > 0) await this.send(going, position, changes)
    await this.mend()
  }

  /** Called while idle too: a Redis that came back must not wait for the next event. */
  async mend(): Promise<void> {
    for (const lane of this.lanes) {
      if (!lane.isBroken) continue
      try {
        await lane.reset()
      } catch {
        // Redis is still away; its client has said so.
        return
      }
    }
  }

  /** A batch that Redis is not told of: where that happens, the lane begins anew. */
  skip({ position }: Pick<EventBatch, 'position'>): void {
    for (const lane of this.lanes) if (lane.moveTo(position)) lane.isBroken = true
  }

  private async send(lanes: readonly CachedLane[], position: bigint, changes: LaneChanges): Promise<void> {
    const parts = lanes.flatMap((lane) => lane.arguments(position, changes.get(lane.lane)))
    try {
      const outcomes = (await this.redis.eval(APPLY_LUA, {
        keys: lanes.map(({ key }) => key),
        arguments: [String(ROW_TTL_S), position.toString(), ...parts],
      })) as unknown as readonly string[]
      for (const [at, lane] of lanes.entries()) this.told(lane, outcomes[at], position)
    } catch (error) {
      for (const lane of lanes) lane.isBroken = true
      this.logger.warn({ reason: reasonOf(error) }, 'a batch did not reach Redis')
    }
  }

  private told(lane: CachedLane, outcome: string | undefined, position: bigint): void {
    if (outcome === 'ok') return
    const told = { outcome, lane: lane.lane, position: position.toString() }
    this.logger.warn(told, 'the cache does not follow on; a new generation begins')
    lane.isBroken = outcome === 'gap'
  }
}
