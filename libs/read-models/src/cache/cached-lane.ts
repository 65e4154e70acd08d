import { randomUUID } from 'node:crypto'
import { type Logger } from '#runtime'
import { type BatchChanges, type FeedChange } from '../project/changes.js'
import { KeptFeed } from './kept-feed.js'
import { feedKey, stateKey, TTL_S } from './keys.js'
import { type Redis } from './redis.js'
import { RESET_LUA } from './scripts.js'

export interface LaneSetup {
  readonly fleet: string
  readonly lane: number
  readonly epoch: bigint
  /** Last position folded. */
  readonly position: bigint
  /** Names what is live in it: when that is another than what is cached, nothing cached counts. */
  readonly builds: string
  /** What else its state holds: numbers of builds, and positions of projections that do not go with the lane. */
  readonly fields: Readonly<Record<string, string>>
}

/**
 * What one batch changes in a lane is told up to so many UTF-16 units of JSON: whoever follows the feed holds several batches in memory. Beyond it a new
 * generation begins, for everybody in the lane: a batch of several events is folded in parts that stay below it, and so does any one transaction of the
 * ledger whose accounts have few commodities.
 */
export const CHANGES_LENGTH_MAX = 12 * 1024 * 1024

const NOTHING: BatchChanges = { changes: [], documents: [] }

/** One lane as its owner keeps it in Redis. */
export class CachedLane {
  readonly lane: number
  readonly key: string
  /** Redis has missed something: a new generation must begin. */
  isBroken = true
  private kept = new KeptFeed()
  /** Up to here Redis was told. */
  private told: bigint
  private position: bigint
  private isFenced = false

  constructor(
    private readonly redis: Redis,
    private readonly setup: LaneSetup,
    private readonly logger: Logger,
  ) {
    this.lane = setup.lane
    this.key = stateKey(setup.fleet, setup.lane)
    this.told = setup.position
    this.position = setup.position
  }

  /** The state of another lane of the same fleet. */
  stateOf(lane: number): string {
    return stateKey(this.setup.fleet, lane)
  }

  /** @throws when Redis does not answer. */
  async begin(): Promise<void> {
    const { position, builds } = this.setup
    const [generation, applied, cached] = await this.redis.hmGet(this.key, ['generation', 'applied', 'builds'])
    if (typeof generation !== 'string' || applied !== position.toString() || cached !== builds) return this.reset()
    const entries = (await this.redis.xRange(feedKey(generation), '-', '+')) ?? []
    for (const { id, message } of entries) {
      const text = message['changes'] ?? '[]'
      this.kept.add(id, (JSON.parse(text) as unknown[]).length, text.length)
    }
    this.isBroken = this.position !== position
  }

  /** @returns whether that is news: lanes that were ahead of a batch have nothing to do with it. */
  moveTo(position: bigint): boolean {
    if (position <= this.position) return false
    this.position = position
    return true
  }

  /** For the script that applies a batch; undefined, and the lane is broken, when it changes more than can be told. */
  arguments(position: bigint, { changes, documents }: BatchChanges = NOTHING): string[] | undefined {
    const text = textOf(changes)
    if (text === undefined) {
      this.isBroken = true
      return undefined
    }
    const after = this.told
    this.told = position
    if (changes.length > 0) this.kept.add(`${position.toString()}-0`, changes.length, text.length)
    return [
      this.setup.epoch.toString(),
      after.toString(),
      text,
      String(changes.length),
      this.kept.cut(),
      String(documents.length),
      ...documents.flatMap(([suffix, value]) => [suffix, value ?? '']),
    ]
  }

  /** The position up to which Redis was told. */
  get toldTo(): bigint {
    return this.told
  }

  /** For the script that looks after what is there. */
  leftAs(): string[] {
    return [this.setup.epoch.toString(), this.told.toString()]
  }

  /** @throws when Redis does not answer. */
  async reset(): Promise<void> {
    const { epoch, builds, fields } = this.setup
    const { position } = this
    const about = [epoch.toString(), position.toString(), randomUUID(), builds]
    const args = [...about, String(TTL_S), ...Object.entries(fields).flat()]
    if ((await this.redis.eval(RESET_LUA, { keys: [this.key], arguments: args })) === 'fenced') this.fenced()
    this.kept = new KeptFeed()
    this.told = position
    // What was folded meanwhile Redis was not told.
    this.isBroken = this.position !== position
  }

  /** Redis takes nothing of this owner's, as long as it knows of a later one. Said once. */
  fenced(): void {
    if (this.isFenced) return
    this.isFenced = true
    this.logger.warn(
      { lane: this.lane, epoch: this.setup.epoch.toString(), key: this.key },
      'Redis knows a later owner of this lane and takes nothing of this one; if there is none, delete the key there',
    )
  }
}

/** As JSON, '' when there are none; undefined beyond {@link CHANGES_LENGTH_MAX}: of a great many no text can be made at all. */
function textOf(changes: readonly FeedChange[]): string | undefined {
  if (changes.length === 0) return ''
  let text = ''
  for (const change of changes) {
    text += `${text === '' ? '[' : ','}${JSON.stringify(change)}`
    if (text.length > CHANGES_LENGTH_MAX) return undefined
  }
  return `${text}]`
}
