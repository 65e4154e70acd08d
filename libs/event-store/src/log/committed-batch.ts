import { type RecordedEvent } from '#domain-kit'
import { type Wanted } from '../wanted.js'
import { decode } from './event-bytes.js'

/** A committed run of the log as it was written. Its events are made when they are asked for, once. */
export class CommittedBatch {
  private parsed: readonly RecordedEvent[] | undefined

  constructor(
    readonly after: bigint,
    readonly position: bigint,
    readonly rows: Buffer,
  ) {}

  get events(): readonly RecordedEvent[] {
    this.parsed ??= decode(this.rows).events
    return this.parsed
  }

  /** Those of its events that are wanted; the others stay bytes. */
  only(wanted: Wanted): readonly RecordedEvent[] {
    if (!this.parsed) return decode(this.rows, wanted).events
    return this.parsed.filter(wanted)
  }
}
