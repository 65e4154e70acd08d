import { type ByteSink } from '../../log/byte-sink.js'
import { STAMP_BYTES, writeStamp, writeTail } from '../../log/event-bytes.js'
import { type StoredMetadata } from '../stored-metadata.js'

const DATA = ',"data":'
const METADATA = ',"metadata":'

/** An event without its JSON. */
interface Head {
  readonly position: string
  readonly stream: string
  readonly revision: string
  readonly type: string
  readonly version: number
  readonly id: string
  readonly time: string
}

/** What a line says, its JSON as it stands there. */
interface Parts {
  readonly head: Head
  readonly data: string
  readonly metadata: string
}

/**
 * Takes a line apart. Data and metadata are cut out and not parsed and written anew: numbers would lose digits, and PostgreSQL's own
 * functions refuse JSON that holds NUL or half a surrogate pair.
 *
 * @throws RangeError for anything but what `eventLines` makes.
 */
function partsOf(line: string): Parts {
  // The head is flat: there a quote behind a comma begins a key or is the end of a text, and no key follows upon that.
  const headEnd = line.indexOf(DATA)
  const dataEnd = headEnd < 0 ? -1 : endOfJson(line, headEnd + DATA.length)
  if (dataEnd < 0 || !line.startsWith(METADATA, dataEnd) || !line.endsWith('}'))
    throw new RangeError(`a line of an archive that is no event: ${line.slice(0, 200)}`)
  return {
    head: JSON.parse(`${line.slice(0, headEnd)}}`) as Head,
    data: line.slice(headEnd + DATA.length, dataEnd),
    metadata: line.slice(dataEnd + METADATA.length, -1),
  }
}

/** Where the object or array that begins here ends; -1 when it does not. */
function endOfJson(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const char = text[at]
    if (char === '"') {
      at = endOfString(text, at)
      if (at < 0) return -1
    } else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}

/** Where the quote stands that ends the string that begins here; -1 when none does. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text[end - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return end
  }
  return -1
}

const stamp = Buffer.alloc(STAMP_BYTES)

/** Writes the event of a line as a row of the log. @throws RangeError for what is none. */
export function writeRow(sink: ByteSink, line: string): void {
  const { head, data, metadata } = partsOf(line)
  writeStamp(stamp, 0, Number(head.position), Number(head.revision), Date.parse(head.time))
  sink.raw(stamp)
  writeTail(sink, head.stream, head, data, metadata)
}

/** The append whose last event a line holds, as `log.archived_commands` keeps it. */
export interface ArchivedCommand {
  readonly position: string
  readonly stream: string
  readonly revision: string
  readonly hash: string
}

/** @returns undefined for an event that is not the last of an append. @throws RangeError for what is no event. */
export function commandOf(line: string): ArchivedCommand | undefined {
  const { head, metadata } = partsOf(line)
  const { $command } = JSON.parse(metadata) as StoredMetadata
  return $command && { position: head.position, stream: head.stream, revision: head.revision, hash: $command.hash }
}
