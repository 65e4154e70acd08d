import { type RecordedEvent } from '#domain-kit'
import { eventsOf } from './event-bytes.js'

/** A committed run of the log as it was written. Its events are made when they are asked for, once. */
export class CommittedBatch {
  private parsed: readonly RecordedEvent[] | undefined

  constructor(
    readonly after: bigint,
    readonly position: bigint,
    readonly rows: Buffer,
  ) {}

  get events(): readonly RecordedEvent[] {
    this.parsed ??= eventsOf(this.rows)
    return this.parsed
  }
}
