import { rm } from 'node:fs/promises'
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

const IS_LOST_SQL = `
select not exists (
  select 1 from pg_replication_slots where slot_name = $1 and wal_status is distinct from 'lost'
) as lost`

const DROP_SLOT_SQL = 'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1'

/** Does the primary keep nothing for this slot's replica any more? It does not after `max_slot_wal_keep_size` of WAL. */
export async function isSlotLost(primary: pg.Pool | pg.ClientBase, slot: string): Promise<boolean> {
  const { rows } = await primary.query<{ lost: boolean }>(IS_LOST_SQL, [slot])
  return rows[0]?.lost === true
}

/**
 * Removes a replica that can never stream again, and begins its slot anew: then it can be copied again. Does nothing while the primary
 * does not answer: a replica that is there starts without it.
 */
export async function removeIfLost(primaryUrl: string, slot: string, folder: string): Promise<void> {
  const isLost = await connected(primaryUrl, (primary) => isSlotLost(primary, slot)).catch(() => false)
  if (!isLost) return
  // First: should it end here, the slot still tells.
  await rm(folder, { recursive: true, force: true })
  await connected(primaryUrl, async (primary) => {
    await primary.query(DROP_SLOT_SQL, [slot])
    await primary.query(MAKE_SLOTS_SQL, [[slot]])
  })
}
