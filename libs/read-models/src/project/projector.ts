import { setTimeout as sleep } from 'node:timers/promises'
import { type Domain } from '#domain-kit'
import { type EventStore, type Upcasting, upcasting } from '#event-store'
import { type Logger, reasonOf } from '#runtime'
import { BuildKeeper } from '../builds/build-keeper.js'
import { type Stop } from '../builds/stop.js'
import { Builds } from '../builds/builds.js'
import { fleetOf } from '../builds/fleet.js'
import { Indexing } from '../builds/indexing.js'
import { schemaIn, SLOTS } from '../builds/slots.js'
import { CacheWriter } from '../cache/cache-writer.js'
import { type Redis } from '../cache/redis.js'
import { type ReadTable, tablesOf } from '../tables/table.js'
import { foldingName, Ownership } from './ownership.js'
import { NEAR, type Plan } from './plan.js'
import { Planning } from './planning.js'
import { type Base } from './poison.js'
import { run } from './run.js'
import { Spacing } from './spacing.js'
import { Standstill } from './standstill.js'
import { ProjectionUnit } from './unit.js'
import { UpdateRoom } from './update-room.js'

export interface ProjectorOptions {
  /** The log with events as they are stored. */
  readonly store: EventStore
  readonly url: string
  readonly domains: readonly Domain[]
  readonly redis: Redis
  /** Names this process among the projectors. */
  readonly instance: string
  readonly logger: Logger
  /** Events folded in one transaction. Default 1,000. */
  readonly batch_max?: number
  /** A projector that is silent so long loses its lanes. Default 5,000. */
  readonly lease_ms?: number
  /** Budget of the cached rows, in bytes. Default 256 MiB. */
  readonly cache_bytes_max?: number
  /** What is asked to plan takes milliseconds: what has no answer for so long, in ms, has lost its server. Default 10,000. */
  readonly planning_ms_max?: number
}

/** To begin anew stops all folding for a moment: a build that catches up by itself, and fails, does not ask for it more often. */
const APART_PAUSE_MS = 5_000
/** So often Redis is asked whether it still has what it was told, in ms. */
const TEND_MS = 1_000

/** Something that folds, until its work changes. */
interface Running {
  readonly stop: AbortController
  readonly done: Promise<void>
}

/**
 * Folds the lanes that this process owns: all builds that go with them as one, those that are too far behind each by itself. Begins anew
 * whenever its work changes: lanes come or go, a build is added, promoted, stopped or has caught up.
 */
export class Projector {
  /** Last position folded in every lane that it owns; undefined while it owns none. */
  position: bigint | undefined
  /** Batches committed by what goes with its lanes: more, whenever it gets on. */
  batches = 0
  /** What operators do with builds. */
  readonly builds: Builds
  private readonly indexing: Indexing
  private waitingForIndexes = 0
  private readonly tables: readonly ReadTable[]
  private readonly fleet: string
  private readonly upcasting: Upcasting
  private readonly ownership: Ownership
  private readonly keeper: BuildKeeper
  private readonly room: UpdateRoom
  private readonly spacing = new Spacing()
  private readonly planning: Planning
  private readonly standstill: Standstill
  private failure: string | undefined
  /** Why it could not be seen what is to be folded, until it can. */
  private blindness: string | undefined
  private key = ''
  private running: readonly Running[] = []
  private work: Promise<void> = Promise.resolve()
  private isPending = false
  private isClosed = false
  private closing: Promise<void> | undefined

  constructor(private readonly options: ProjectorOptions) {
    const { url, instance, logger, domains, lease_ms, planning_ms_max } = options
    this.tables = tablesOf(domains)
    this.fleet = fleetOf(this.tables)
    this.upcasting = upcasting(domains)
    this.planning = new Planning({
      url,
      instance,
      fleet: this.fleet,
      tables: this.tables,
      logger,
      ms_max: planning_ms_max,
    })
    const { pool } = this.planning
    this.builds = new Builds(url, this.tables, this.fleet)
    this.indexing = new Indexing(url, this.tables)
    this.keeper = new BuildKeeper({ pool, builds: this.builds, fleet: this.fleet, logger })
    this.room = new UpdateRoom({ pool, schemas: schemasOf(this.tables), logger })
    this.ownership = new Ownership(
      { url, instance, fleet: this.fleet, logger, ...(lease_ms === undefined ? {} : { lease_ms }) },
      () => this.stopAll(),
    )
    this.ownership.on('tick', () => this.look())
    this.standstill = new Standstill({ base: this.base, planning: this.planning, plan: () => this.plan() })
  }

  start(): void {
    this.ownership.start()
  }

  /** Why folding stopped, until it goes on; or why nobody knows what there is to fold, until somebody does. */
  get trouble(): string | undefined {
    return this.failure ?? this.blindness ?? this.ownership.trouble
  }

  /** Lanes that this process folds. */
  get lanes(): readonly number[] {
    return [...this.ownership.lanes.keys()]
  }

  /** Are indexes being made for which the lanes wait? */
  get isIndexingLive(): boolean {
    return this.waitingForIndexes > 0
  }

  /** What does not go on, and why, as it was last seen. */
  get stops(): readonly Stop[] {
    return this.keeper.stops
  }

  /** Finishes the batches in hand and gives the lanes back. */
  async close(): Promise<void> {
    this.closing ??= this.end()
    await this.closing
  }

  private async end(): Promise<void> {
    this.isClosed = true
    await this.work
    await this.stopAll()
    await this.ownership.close()
    await this.keeper.close()
    await this.indexing.close()
    await this.builds.close()
    await this.planning.close()
  }

  /** Looks whether there is something else to do; one look at a time, and one after the last request for it. */
  private look(): void {
    if (this.isPending || this.isClosed) return
    this.isPending = true
    this.work = this.work.then(async () => {
      this.isPending = false
      try {
        await this.lookNow()
      } catch (error) {
        this.blindness = this.complain(error, 'it cannot be seen what is to be folded')
      }
    })
  }

  private async lookNow(): Promise<void> {
    if (this.isClosed) return
    await this.keeper.tick()
    await this.room.look()
    const plan = await this.plan()
    this.blindness = undefined
    if (plan.key === this.key) return
    await this.stopAll()
    // Anew, because what was running has moved on meanwhile.
    this.begin(await this.plan())
  }

  private async plan(): Promise<Plan> {
    return this.planning.plan(this.ownership.lanes, this.spacing.positionsOf(NEAR))
  }

  private async stopAll(): Promise<void> {
    const { running } = this
    this.key = ''
    this.running = []
    for (const { stop } of running) stop.abort()
    await Promise.all(running.map(({ done }) => done))
    this.position = undefined
  }

  private begin(plan: Plan): void {
    this.key = plan.key
    this.failure = undefined
    if (plan.lanes.size === 0) return
    this.running = [
      this.keepGoing(0, (signal) => this.foldTogether(plan, signal)),
      ...plan.behind.map((member) =>
        this.keepGoing(APART_PAUSE_MS, (signal) => this.foldOne({ ...plan, together: [member] }, signal)),
      ),
    ]
  }

  /** What ends by itself leaves the key behind, after a pause when it failed: the next look begins anew. */
  private keepGoing(pause_ms: number, work: (signal: AbortSignal) => Promise<void>): Running {
    const stop = new AbortController()
    const done = work(stop.signal).catch(async (error: unknown) => {
      if (stop.signal.aborted) return
      this.failure = this.complain(error, 'folding stopped; it begins again at the checkpoint')
      await sleep(pause_ms, undefined, { signal: stop.signal }).catch(() => undefined)
    })
    return {
      stop,
      done: done.then(() => {
        if (!stop.signal.aborted) this.key = ''
      }),
    }
  }

  private complain(error: unknown, message: string): string {
    const reason = reasonOf(error)
    this.options.logger.error({ reason }, message)
    return reason
  }

  private get base(): Omit<Base, 'lanes'> {
    const { url, instance, logger } = this.options
    return { url, name: foldingName(instance), fleet: this.fleet, logger, upcasting: this.upcasting }
  }

  private async foldTogether(plan: Plan, signal: AbortSignal): Promise<void> {
    const { redis, logger, cache_bytes_max } = this.options
    const { lanes, positions, together: members } = plan
    const unit = await ProjectionUnit.open({ ...this.base, lanes, positions, members })
    let tending: NodeJS.Timeout | undefined
    try {
      await unit.join()
      const cache = new CacheWriter(redis, await this.planning.laneSetups(plan), logger, cache_bytes_max)
      tending = setInterval(() => void cache.tend(), TEND_MS)
      await cache.begin()
      this.position = least(positions)
      this.failure = undefined
      await this.guarded(plan, unit, cache, signal, (position) => {
        this.batches += 1
        if (position > (this.position ?? 0n)) this.position = position
        if (unit.hasJoined()) this.key = ''
      })
    } finally {
      clearInterval(tending)
      await unit.close()
    }
  }

  private async foldOne(plan: Plan, signal: AbortSignal): Promise<void> {
    const unit = await ProjectionUnit.open({ ...this.base, lanes: plan.lanes, members: plan.together })
    try {
      await this.guarded(plan, unit, undefined, signal, () => undefined)
    } finally {
      await unit.close()
    }
  }

  private async guarded(
    plan: Plan,
    unit: ProjectionUnit,
    cache: CacheWriter | undefined,
    signal: AbortSignal,
    onProgress: (position: bigint) => void,
  ): Promise<void> {
    const { store, batch_max = 1_000, logger } = this.options
    const { spacing } = this
    const onNear = async (): Promise<void> => {
      this.waitingForIndexes += 1
      try {
        await this.indexing.indexAll(plan.together.filter(({ isIndexed }) => !isIndexed))
      } finally {
        this.waitingForIndexes -= 1
      }
    }
    try {
      await run({ store, unit, cache, batch_max, spacing, logger, onProgress, onNear }, signal)
    } catch (error) {
      await this.standstill.settle(plan, error)
      throw error
    }
  }
}

/** Of all builds that there may be, and of the checkpoints. */
const schemasOf = (tables: readonly ReadTable[]): readonly string[] => [
  'headwater',
  ...new Set(tables.flatMap(({ projection }) => SLOTS.map((slot) => schemaIn(projection, slot)))),
]

function least(positions: ReadonlyMap<number, bigint>): bigint {
  const all = [...positions.values()]
  return all.reduce((low, each) => (each < low ? each : low), all[0] ?? 0n)
}
