import { partitionsOf } from '../partitions.js'
import { archivesOf, hasTable, type Queries } from './archives.js'
import { withLogAdmin } from './log-admin.js'

/** A part of the log, in it or archived. */
export interface PartitionInfo {
  readonly name: string
  /** Positions that it is for, both included. */
  readonly first: bigint
  readonly last: bigint
  readonly state: 'in the log' | 'archived'
  readonly events: bigint
  /** On the database's disk, indexes included; 0 when the table was dropped. */
  readonly size_bytes: bigint
  /** Of its first and last event. */
  readonly from: Date | undefined
  readonly to: Date | undefined
  /** Where it was archived to. */
  readonly file: string | undefined
}

interface Facts {
  readonly size: string
  readonly head: string | null
  readonly from: Date | null
  readonly to: Date | null
}

/** In: table. Out: how large it is, its last position, its first and last time. Locks nothing. */
const FACTS_SQL = (table: string): string => `
select pg_total_relation_size('log.${table}') as size, (select max(position) from log.${table}) as head,
  (select time from log.${table} order by position limit 1) as from,
  (select time from log.${table} order by position desc limit 1) as to`

/** All partitions, oldest first, archived ones too. */
export async function listPartitions(url: string): Promise<PartitionInfo[]> {
  return withLogAdmin(url, async (log) => {
    const archives = await archivesOf(log)
    const archived = archives.map(({ name, first, last, file }) => ({ name, first, last, file }))
    const attached = (await partitionsOf(log.client))
      .filter(({ table }) => !archives.some(({ name }) => name === table))
      .map(({ table, first, end }) => ({ name: table, first: BigInt(first), last: BigInt(end - 1), file: undefined }))
    const all: PartitionInfo[] = []
    for (const each of [...archived, ...attached]) {
      const facts = await factsOf(log, each.name)
      const state = each.file === undefined ? ('in the log' as const) : ('archived' as const)
      const head = facts?.head ?? (state === 'archived' ? each.last.toString() : undefined)
      all.push({
        ...each,
        state,
        events: head === undefined ? 0n : BigInt(head) - each.first + 1n,
        size_bytes: BigInt(facts?.size ?? '0'),
        from: facts?.from ?? undefined,
        to: facts?.to ?? undefined,
      })
    }
    return all
  })
}

async function factsOf(log: Queries, table: string): Promise<Facts | undefined> {
  return (await hasTable(log, table)) ? (await log.query<Facts>(FACTS_SQL(table), []))[0] : undefined
}
