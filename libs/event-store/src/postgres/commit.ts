import { type ClientBase, DatabaseError } from 'pg'
import { CopyQuery } from './copy-query.js'
import { type Partition } from './partitions.js'
import { ROW_COLUMNS } from '../log/event-bytes.js'

/** Under which leadership something is written. */
export interface Lease {
  readonly name: string
  readonly epoch: bigint
}

/**
 * Statement that holds the term for a transaction, and fails unless a batch was committed up to `head` (0: nothing need be there).
 * See `log.hold_term`.
 */
export function holdSql({ name, epoch }: Lease, head: number): string {
  if (!/^[a-z-]+$/.test(name)) throw new RangeError(`lease name "${name}": only [a-z-]`)
  return `select log.hold_term('${name}', ${epoch.toString()}, ${head});`
}

/** Bytes on their way: events as `copy` reads them and entries of names, from `after` to `position`. */
export interface Commit {
  readonly after: number
  readonly position: number
  readonly copy: Buffer
  readonly names: Buffer
}

/**
 * One batch as one transaction in one round trip: fence, names, events. The rows go into the partition itself when it holds
 * all of them, which saves the server finding it for each.
 *
 * @param before resolves when the batch that this one was planned upon is committed. Until then nothing is sent, and nothing ever when
 *   it fails: the fence knows a batch by where it ends, and another one may have come to end there.
 * @throws what `before` or the connection throws; the batch was then committed or not, except that after {@link isFenced} it was not.
 */
export async function commit(
  client: ClientBase,
  lease: Lease,
  partition: Partition,
  { after, position, copy, names }: Commit,
  before: Promise<unknown> = Promise.resolve(),
): Promise<void> {
  const table = position < partition.end ? partition.table : 'events'
  const sql = `${holdSql(lease, after)}
insert into log.recent_names (after, position, names) values (${after}, ${position}, '\\x${names.toString('hex')}');
copy log.${table} (${ROW_COLUMNS}) from stdin (format binary)`
  await before
  await CopyQuery.run(client, sql, copy)
}

/** Another epoch leads: this term is over and its last batch was not committed. */
export function isFenced(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === 'HW001'
}

/** In: streams. Out: where each that has events, archived ones too, ends. Locks nothing. */
export const HEADS_SQL = `
select s.stream, e.revision, e.id from unnest($1::text[]) as s(stream) cross join lateral (
  (select revision, id from log.events where stream = s.stream order by revision desc limit 1)
  union all select revision, last_id from log.archived_streams where stream = s.stream
  order by revision desc limit 1
) e`

/** Out: the last position and its time. Locks nothing. */
export const HEAD_SQL = 'select position, time from log.events order by position desc limit 1'
