import { type RecordedEvent } from '#domain-kit'
import { type Logged } from '../log/recorded.js'
import { type Indexed, type NamePlace } from '../names/name-index.js'
import { namesOf } from '../names/names-of.js'
import { NO_EVENTS, type StreamEnd } from './stream-end.js'

/** Names of one stream that may be in memory; beyond them the index is too far behind to decide anything. */
const NAMES_MAX = 100_000

/** Where a stream ends, and the names taken in it that the index may not know yet. */
export class KnownStream {
  private readonly recent = new Map<string, NamePlace>()
  private end: StreamEnd = NO_EVENTS
  /** All names taken after this position are in memory; undefined before anything was read. */
  private since: bigint | undefined

  get head(): StreamEnd {
    return this.end
  }

  /** Names in memory. */
  get size(): number {
    return this.recent.size
  }

  get isFull(): boolean {
    return this.recent.size >= NAMES_MAX
  }

  /** Is every name either in the index, as it was up to `through`, or here? */
  covers(through: bigint): boolean {
    return this.since !== undefined && this.since <= through
  }

  /** Begins anew with the stream's tail: in order, all events after `through` and, before them, at least the last one. */
  begin(tail: readonly Logged[], through: bigint): void {
    this.recent.clear()
    this.end = NO_EVENTS
    this.since = through
    for (const each of tail) this.add(each)
  }

  /** The next event of the stream. */
  add(logged: Logged): void {
    const { revision, id } = logged.event
    this.end = { revision: Number(revision), lastId: id }
    for (const [key, place] of namesOf(logged)) this.recent.set(key, place)
  }

  /** Names that this process has just taken. */
  took(keys: readonly string[], place: NamePlace): void {
    for (const key of keys) this.recent.set(key, place)
  }

  endsAt(revision: number, lastId: string): void {
    this.end = { revision, lastId }
  }

  find(key: string, { names }: Indexed): NamePlace | undefined {
    return this.recent.get(key) ?? names.get(key)
  }

  /** Forgets what the index knows. Names stand in log order: the first that stays ends it. */
  prune(through: bigint): void {
    if (this.since === undefined || through <= this.since) return
    for (const [key, { position }] of this.recent) {
      if (position > through) break
      this.recent.delete(key)
    }
    this.since = through
  }

  /** What comes next must join. @throws Error when it does not: a bug, or somebody has truncated the stream. */
  mustJoin({ stream, revision }: RecordedEvent): void {
    if (Number(revision) !== this.end.revision + 1)
      throw new Error(`"${stream}" goes on at ${revision}, and it was known up to ${this.end.revision}`)
  }
}
