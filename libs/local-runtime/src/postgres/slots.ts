import { readFile, rm } from 'node:fs/promises'
import { endianness } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { connected } from './connected.js'

/** In: names. Makes the slots that are missing. */
export const MAKE_SLOTS_SQL = `
select pg_create_physical_replication_slot(name, true) from unnest($1::text[]) as name
where not exists (select 1 from pg_replication_slots where slot_name = name)`

/** In: names. Drops the slots of replicas that are no longer: they would keep WAL for nobody. */
export const DROP_SLOTS_SQL = `
select pg_drop_replication_slot(slot_name) from pg_replication_slots
where slot_name ~ '^headwater_replica(_[0-9]+)?$' and not active and slot_name <> all($1::text[])`

/** In: slot. Out: one row. Locks nothing. */
const STATE_SQL = `
select (select system_identifier from pg_control_system()) as cluster,
  exists (select 1 from pg_replication_slots where slot_name = $1 and wal_status = 'lost') as lost`

/**
 * Does the primary keep nothing for this slot's replica any more? It does not after `max_slot_wal_keep_size` of WAL. A folder that is no copy of
 * this primary is not its replica, whatever the slot says: it may be all that is left of another.
 */
export async function isLost(primary: pg.Pool | pg.ClientBase, slot: string, folder: string): Promise<boolean> {
  const { rows } = await primary.query<{ cluster: string; lost: boolean }>(STATE_SQL, [slot])
  const [row] = rows
  return row?.lost === true && BigInt(row.cluster) === (await clusterOf(folder))
}

/** The cluster's own number, with which this file begins, in the machine's byte order. */
async function clusterOf(folder: string): Promise<bigint> {
  const bytes = await readFile(join(folder, 'global', 'pg_control'))
  return endianness() === 'LE' ? bytes.readBigUInt64LE() : bytes.readBigUInt64BE()
}

/**
 * Removes a replica that can never stream again, and begins its slot anew: then it can be copied again. Does nothing while the primary
 * does not answer: a replica that is there starts without it.
 */
export async function removeIfLost(primaryUrl: string, slot: string, folder: string): Promise<void> {
  const isGone = await connected(primaryUrl, (primary) => isLost(primary, slot, folder)).catch(() => false)
  if (!isGone) return
  // First: should it end here, the slot still tells.
  await rm(folder, { recursive: true, force: true })
  await connected(primaryUrl, async (primary) => {
    const name = primary.escapeLiteral(slot)
    await primary.query(
      `select pg_drop_replication_slot(${name}); select pg_create_physical_replication_slot(${name}, true)`,
    )
  })
}
