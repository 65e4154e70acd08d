import { type LogAdmin } from './log-admin.js'

/** Events read at a time: 400 MiB of the largest. */
const PAGE = 200

interface LineRow {
  readonly position: string
  readonly stream: string
  readonly revision: string
  readonly type: string
  readonly version: number
  readonly id: string
  readonly time: Date
  readonly data: string
  readonly metadata: string
}

/** In: position (exclusive). JSON as the text that is stored. Locks nothing. */
const PAGE_SQL = (table: string): string => `
select position, stream, revision, type, version, id, time, data::text, metadata::text from log.${table}
where position > $1 order by position limit ${PAGE}`

/** The events of one partition, as `events tail` prints them and with their schema version beside, page by page. */
export async function* eventLines(log: LogAdmin, table: string): AsyncGenerator<readonly string[]> {
  let after = '0'
  for (;;) {
    const rows = await log.query<LineRow>(PAGE_SQL(table), [after])
    const last = rows.at(-1)
    if (!last) return
    yield rows.map(lineOf)
    after = last.position
  }
}

function lineOf({ position, stream, revision, type, version, id, time, data, metadata }: LineRow): string {
  const head = JSON.stringify({ position, stream, revision, type, version, id, time: time.toISOString() })
  return `${head.slice(0, -1)},"data":${oneLine(data)},"metadata":${oneLine(metadata)}}`
}

/** Between tokens any white space will do; within a string JSON has none of these. */
const oneLine = (json: string): string => json.replaceAll(/[\n\r\t]/g, ' ')
