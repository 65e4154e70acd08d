import { parseStream, type RecordedEvent } from '#domain-kit'
import { type PlannedEvent } from './candidate.js'

/** Columns of one row of `log.events`, in the order in which rows are written. */
export const ROW_COLUMNS = 'position, stream, revision, id, type, version, time, data, metadata'

const SPECIAL = /[\\\t\n\r]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
const UNESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\t': '\t', '\\n': '\n', '\\r': '\r' }

function escaped(text: string): string {
  return SPECIAL.test(text) ? text.replaceAll(/[\\\t\n\r]/g, (each) => ESCAPES[each] ?? each) : text
}

/** JSON holds no control character of its own, only backslashes. */
function escapedJson(json: string): string {
  return json.includes('\\') ? json.replaceAll('\\', '\\\\') : json
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\[\\tnr]/g, (each) => UNESCAPES[each] ?? each) : text
}

/** One event as `copy … from` reads it. The same bytes are stored and pushed to subscribers: they are made once. */
export function rowOf(stream: string, revision: number, position: number, time: string, event: PlannedEvent): string {
  const { id, type, version, data, metadata } = event
  return `${position}\t${escaped(stream)}\t${revision}\t${id}\t${escaped(type)}\t${version}\t${time}\t${escapedJson(data)}\t${escapedJson(metadata)}\n`
}

/** Metadata of an append's last event also says which command it was; clients see `$command` too: it is no secret. */
export function withCommand(metadata: string, key: string, hash: string): string {
  const command = `"$command":{"key":${JSON.stringify(key)},"hash":${JSON.stringify(hash)}}`
  return metadata === '{}' ? `{${command}}` : `${metadata.slice(0, -1)},${command}}`
}

/** A committed run of the log as it was written. Its events are made when they are asked for, once. */
export class CommittedBatch {
  private parsed: readonly RecordedEvent[] | undefined

  constructor(
    readonly after: bigint,
    readonly position: bigint,
    readonly rows: Buffer,
  ) {}

  get events(): readonly RecordedEvent[] {
    this.parsed ??= this.rows
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .map((row) => eventOf(row.split('\t')))
    return this.parsed
  }
}

function eventOf(columns: readonly string[]): RecordedEvent {
  const [
    position = '',
    name = '',
    revision = '',
    id = '',
    type = '',
    version = '',
    time = '',
    data = '',
    metadata = '',
  ] = columns
  const stream = unescaped(name)
  return {
    id,
    type: unescaped(type),
    data: JSON.parse(unescaped(data)) as object,
    version: Number(version),
    stream,
    ...parseStream(stream),
    revision: BigInt(revision),
    position: BigInt(position),
    time,
    metadata: JSON.parse(unescaped(metadata)) as RecordedEvent['metadata'],
  }
}
