import { type QueryResultRow } from 'pg'
import { type Archive } from '../../port.js'

/** What runs a statement: the reader, or one connection's `query`. */
export interface Queries {
  query<R extends QueryResultRow>(sql: string, values: readonly unknown[]): Promise<R[]>
}

interface ArchiveRow {
  readonly name: string
  readonly first_position: string
  readonly last_position: string
  readonly file: string
}

const COLUMNS = 'name, first_position, last_position, file'

/** In: position. Out: the archive that holds it, or the last one before it. Locks nothing. */
const AT_SQL = `
select ${COLUMNS} from log.archives where first_position <= $1 order by first_position desc limit 1`

/** Out: all archives, oldest first. Locks nothing. */
const ALL_SQL = `select ${COLUMNS} from log.archives order by first_position`

export async function archiveAt(log: Queries, position: bigint): Promise<Archive | undefined> {
  const [row] = await log.query<ArchiveRow>(AT_SQL, [position])
  return row && archiveOf(row)
}

export async function archivesOf(log: Queries): Promise<Archive[]> {
  return (await log.query<ArchiveRow>(ALL_SQL, [])).map(archiveOf)
}

/** SHA-256 of an archive's file, as it was written down. */
export async function checksumIn(log: Queries, name: string): Promise<string | undefined> {
  return (await log.query<{ sha256: string }>('select sha256 from log.archives where name = $1', [name]))[0]?.sha256
}

/** Whether there is a table of this name beside the log or in it. */
export async function hasTable(log: Queries, table: string): Promise<boolean> {
  return (await log.query("select 1 where to_regclass('log.' || $1) is not null", [table])).length > 0
}

function archiveOf({ name, first_position, last_position, file }: ArchiveRow): Archive {
  return { name, first: BigInt(first_position), last: BigInt(last_position), file }
}

/**
 * Writes down where each stream of a partition ended, before its events go. One that has later events is written down too: whoever
 * reads it from its beginning must be refused. Locks what it inserts.
 */
export const REMEMBER_STREAMS_SQL = (table: string): string => `
insert into log.archived_streams as s (stream, revision, last_id, position)
select distinct on (stream) stream, revision, id, position from log.${table} order by stream, revision desc
on conflict (stream) do update set revision = excluded.revision, last_id = excluded.last_id, position = excluded.position
where s.revision < excluded.revision`

/** In: positions, streams, revisions, request hashes, side by side. What must be known of commands whose events go. */
export const REMEMBER_COMMANDS_SQL = `
insert into log.archived_commands (position, stream, revision, hash)
select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) on conflict do nothing`

/**
 * In: first and last position of an archive whose events are back in the log. A stream that has events in earlier archives, too, stays
 * written down, up to the last of those: who reads it backwards from there must be refused.
 */
export const FORGET_SQL: readonly string[] = [
  'delete from log.archived_commands where position between $1 and $2',
  `with back as (
    select stream, (select min(e.revision) from log.events e where e.stream = s.stream and e.position between $1 and $2) as first
    from log.archived_streams s where s.position between $1 and $2
  ), whole as (
    delete from log.archived_streams s using back b where s.stream = b.stream and b.first = 0
  )
  update log.archived_streams s set revision = coalesce(b.first - 1, s.revision), position = $1::bigint - 1
  from back b where s.stream = b.stream and b.first is distinct from 0`,
  'delete from log.archives where first_position = $1 and last_position = $2',
]
