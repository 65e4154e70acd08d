import { parseStream, type RecordedEvent } from '#domain-kit'
import { type NewEvent } from '../port.js'
import { type Wanted } from '../wanted.js'
import { readInt16, readInt32, readInt64, readUuid, UUID_BYTES, writeInt16, writeInt32, writeInt64 } from './binary.js'
import { type ByteSink } from './byte-sink.js'

/*
 * An event's row as `copy … from stdin (format binary)` reads it (PostgreSQL documentation, "COPY", binary format): the number of
 * columns, then each with its length. What only the writer knows comes first: position, revision, time. The rest is its tail, which
 * whoever decided the event has made; the writer copies it and never looks into it.
 */

/** Columns of one row of `log.events`, in the order in which rows are written. */
export const ROW_COLUMNS = 'position, revision, time, stream, id, type, version, data, metadata'
const COLUMNS = 9
const TAIL_COLUMNS = 6
/** The last ones: data and metadata. */
const JSON_COLUMNS = 2
/** Bytes of a row before its tail. */
export const STAMP_BYTES = 2 + 3 * 12
/** Where the revision stands in a row. */
export const REVISION_AT = 2 + 12 + 4
/** What the server's clock counts microseconds from. */
const EPOCH_MS = Date.UTC(2000, 0, 1)

/** Before and after the rows. */
export const COPY_HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
export const COPY_TRAILER = Buffer.from([0xff, 0xff])

/** @returns how many bytes the event's JSON has: its data, and its metadata. */
export function writeTail(
  sink: ByteSink,
  stream: string,
  { id, type, version }: Pick<NewEvent, 'id' | 'type' | 'version'>,
  data: string,
  metadata: string,
): number {
  sink.text(stream)
  sink.int32(UUID_BYTES)
  sink.uuid(id)
  sink.text(type)
  sink.int32(4)
  sink.int32(version)
  return sink.text(data) + sink.text(metadata)
}

/** @returns where the tail that begins here ends, -1 when it is none. */
export function endOfTail(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  for (let column = 0; column < TAIL_COLUMNS; column += 1) {
    if (at + 4 > end) return -1
    const length = readInt32(bytes, at)
    if (length < 0 || length > end - at - 4) return -1
    if ((column === 1 && length !== UUID_BYTES) || (column === 3 && length !== 4)) return -1
    at += 4 + length
  }
  return at
}

/** Of a whole row as it was stored. @throws RangeError where no event begins. */
export function endOfRow(rows: Uint8Array, from: number): number {
  const end = readInt16(rows, from) === COLUMNS ? endOfTail(rows, from + STAMP_BYTES, rows.length) : -1
  if (end < 0) throw new RangeError(`no event begins at byte ${from}`)
  return end
}

/** Of the event with this tail, as text of 16 characters: what is compared with, and never shown. */
export function idOfTail(bytes: Buffer, from: number): string {
  const at = from + 4 + readInt32(bytes, from) + 4
  return bytes.toString('latin1', at, at + UUID_BYTES)
}

/** The text that stands there behind its length, as the stream does where a tail begins. */
export function textAt(rows: Buffer, at: number): string {
  return rows.toString('utf8', at + 4, at + 4 + readInt32(rows, at))
}

/** What the writer puts before a tail. @returns where it ends. */
export function writeStamp(out: Uint8Array, at: number, position: number, revision: number, time_ms: number): number {
  let to = writeInt16(out, COLUMNS, at)
  to = writeInt64(out, position, writeInt32(out, 8, to))
  to = writeInt64(out, revision, writeInt32(out, 8, to))
  return writeInt64(out, (time_ms - EPOCH_MS) * 1_000, writeInt32(out, 8, to))
}

/** What rows hold: how many there are, where the first and the last of them stand, and the events. */
export interface Decoded {
  readonly count: number
  /** 0n where there are none. */
  readonly first: bigint
  readonly last: bigint
  readonly events: readonly RecordedEvent[]
}

/** Reads rows one after the other, as they were stored; into those that are not wanted it does not look. */
export function decode(rows: Buffer, wanted?: Wanted): Decoded {
  const events: RecordedEvent[] = []
  let [count, first, last] = [0, 0n, 0n]
  let at = 0
  // All events of a commit have the same time, and to write it costs more than to read all else that stands before the data.
  let [written_us, written] = [NaN, '']
  const textOfTime = (time_us: number): string => {
    if (time_us === written_us) return written
    written_us = time_us
    written = new Date(time_us / 1_000 + EPOCH_MS).toISOString()
    return written
  }
  const text = (): string => {
    const length = readInt32(rows, at)
    at += 4 + length
    return rows.toString('utf8', at - length, at)
  }
  const int64 = (): number => {
    at += 12
    return readInt64(rows, at - 8)
  }
  while (at < rows.length) {
    if (readInt16(rows, at) !== COLUMNS) throw new RangeError(`no event begins at byte ${at}`)
    at += 2
    const position = BigInt(int64())
    const revision = BigInt(int64())
    const time_us = int64()
    const stream = text()
    const { aggregate, aggregateId } = parseStream(stream)
    at += 4 + UUID_BYTES
    const idAt = at - UUID_BYTES
    const type = text()
    at += 8
    const version = readInt32(rows, at - 4)
    if (count === 0) first = position
    last = position
    count += 1
    if (wanted && !wanted({ aggregate, type })) {
      for (let column = 0; column < JSON_COLUMNS; column += 1) at += 4 + readInt32(rows, at)
      continue
    }
    const id = readUuid(rows, idAt)
    const time = textOfTime(time_us)
    const data = JSON.parse(text()) as object
    const metadata = JSON.parse(text()) as RecordedEvent['metadata']
    events.push({ id, type, data, version, stream, aggregate, aggregateId, revision, position, time, metadata })
  }
  return { count, first, last, events }
}

/** The rows that are wanted, as they were stored; in most logs all of them or none. */
export function wantedRows(rows: Buffer, wanted: Wanted): Buffer {
  const kept: Buffer[] = []
  for (let from = 0; from < rows.length;) {
    const to = endOfRow(rows, from)
    const streamAt = from + STAMP_BYTES
    const typeAt = streamAt + 4 + readInt32(rows, streamAt) + 4 + UUID_BYTES
    const { aggregate } = parseStream(textAt(rows, streamAt))
    if (wanted({ aggregate, type: textAt(rows, typeAt) })) kept.push(rows.subarray(from, to))
    from = to
  }
  return Buffer.concat(kept)
}
