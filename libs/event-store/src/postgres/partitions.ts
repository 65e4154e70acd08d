import { type ClientBase } from 'pg'

/** Positions in one partition of the log. */
export const PARTITION_EVENTS = 5_000_000

/** A part of the log that is a table of its own: positions from `first` up to, without, `end`. */
export interface Partition {
  readonly table: string
  readonly first: number
  readonly end: number
}

/** In: nothing. Out: all partitions with their bounds as text. Locks nothing. */
const PARTITIONS_SQL = `
select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'log.events'::regclass`

/** Of the whole log, oldest first. */
export async function partitionsOf(client: ClientBase): Promise<Partition[]> {
  const { rows } = await client.query<{ name: string; bounds: string }>(PARTITIONS_SQL)
  return rows
    .map(({ name, bounds }) => {
      const [, first, end] = /FROM \('(\d+)'\) TO \('(\d+)'\)/.exec(bounds) ?? []
      return { table: name, first: Number(first), end: Number(end) }
    })
    .sort((a, b) => a.first - b.first)
}

/**
 * Makes a partition beside the log and then attaches it: readers and the writer go on meanwhile.
 * Locks the log against other changes of its partitions only.
 */
export const ATTACH_SQL = ({ table, first, end }: Partition): string => `
create table if not exists log.${table} (like log.events including all);
create unique index if not exists ${table}_stream_revision_key on log.${table} (stream, revision);
alter table log.events attach partition log.${table} for values from (${first}) to (${end});`

/** The partition that holds `position`, which is at most one past the newest; made when it is not there. */
export async function partitionAt(client: ClientBase, position: number): Promise<Partition> {
  const known = await partitionsOf(client)
  const found = known.find(({ first, end }) => position >= first && position < end)
  if (found) return found
  const first = known.at(-1)?.end ?? 1
  const partition = { table: `events_${first}`, first, end: first + PARTITION_EVENTS }
  await client.query(`begin; ${ATTACH_SQL(partition)} commit`)
  return partition
}
