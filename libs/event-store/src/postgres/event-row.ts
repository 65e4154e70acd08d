import { type EventMetadata, parseStream, type RecordedEvent } from '#domain-kit'

export const EVENT_COLUMNS = 'position, stream, revision, id, type, version, time, data, metadata'

/** A row of `log.events` as pg hands it over: 64-bit integers are text, json is parsed. */
export interface EventRow {
  readonly position: string
  readonly stream: string
  readonly revision: string
  readonly id: string
  readonly type: string
  readonly version: number
  readonly time: Date
  readonly data: object
  readonly metadata: StoredMetadata
}

/** Metadata of an append's last event also says which command it was; clients see `$command` too: it is no secret. */
export interface StoredMetadata extends EventMetadata {
  readonly $command?: { readonly key: string; readonly hash: string }
}

export function toRecorded(row: EventRow): RecordedEvent {
  const { aggregate, aggregateId } = parseStream(row.stream)
  return {
    id: row.id,
    type: row.type,
    data: row.data,
    version: row.version,
    stream: row.stream,
    aggregate,
    aggregateId,
    revision: BigInt(row.revision),
    position: BigInt(row.position),
    time: row.time.toISOString(),
    metadata: row.metadata,
  }
}
