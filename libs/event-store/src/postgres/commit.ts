import { type ClientBase, DatabaseError } from 'pg'
import { type Batch } from './batch.js'

/**
 * One batch as one statement, so that it is one transaction in one round trip: the fence, the events, the names.
 * In: lease name, epoch, seven columns of events and one of time, hashes and their positions. Out: 1 when the
 * epoch still leads, else 0 and nothing was written. Locks the lease row (share): a takeover waits for it or makes it fail.
 * @see Kleppmann, "How to do distributed locking", for the fencing token.
 */
const COMMIT_SQL = `
with fence as materialized (
  select 1 from log.leases where name = $1 and epoch = $2 for share
), written as (
  insert into log.events (position, stream, revision, id, type, version, time, data, metadata)
  select e.position, e.stream, e.revision, e.id, e.type, e.version, $3::timestamptz, e.data::json, e.metadata::json
  from fence, unnest($4::bigint[], $5::text[], $6::bigint[], $7::uuid[], $8::text[], $9::int[], $10::text[], $11::text[])
    as e(position, stream, revision, id, type, version, data, metadata)
), named as (
  insert into log.keys (hash, position)
  select k.hash, k.position from fence, unnest($12::uuid[], $13::bigint[]) as k(hash, position)
)
select count(*)::int as fenced from fence`

/**
 * @returns `committed`; `fenced` when another epoch leads; `taken` when a name of the batch exists already. In the last
 *   two cases nothing was written.
 * @throws whatever the connection throws: the batch may then have been committed or not.
 */
export async function commit(
  client: ClientBase,
  lease: { readonly name: string; readonly epoch: bigint },
  batch: Batch,
): Promise<'committed' | 'fenced' | 'taken'> {
  const { events, keys } = batch
  const values = [
    lease.name,
    lease.epoch,
    new Date(batch.time_ms).toISOString(),
    events.map((event) => event.position),
    events.map((event) => event.stream),
    events.map((event) => event.revision),
    events.map((event) => event.id),
    events.map((event) => event.type),
    events.map((event) => event.version),
    events.map((event) => JSON.stringify(event.data)),
    events.map((event) => JSON.stringify(event.metadata)),
    keys.map(({ hash }) => hash),
    keys.map(({ position }) => position),
  ]
  try {
    const { rows } = await client.query<{ fenced: number }>({ name: 'commit', text: COMMIT_SQL, values })
    return rows[0]?.fenced === 1 ? 'committed' : 'fenced'
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '23505' && error.table === 'keys') return 'taken'
    throw error
  }
}

/** In: streams. Out: where each that has events ends. Locks nothing. */
export const HEADS_SQL = `
select s.stream, e.revision, e.id from unnest($1::text[]) as s(stream)
cross join lateral (select revision, id from log.events where stream = s.stream order by revision desc limit 1) e`

/** In: hashes. Out: those that are taken. Locks nothing. */
export const TAKEN_SQL = 'select hash from log.keys where hash = any($1::uuid[])'

/** Out: the last position and its time. Locks nothing. */
export const HEAD_SQL = 'select position, time from log.events order by position desc limit 1'
