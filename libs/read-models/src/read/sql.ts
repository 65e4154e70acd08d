import { type ReadTable } from '../tables/table.js'
import { type ReadableResource } from './resources.js'

/** A statement that answers with the checkpoint and the rows of one and the same snapshot. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

export class Values {
  readonly list: unknown[] = []
  add(value: unknown): string {
    this.list.push(value)
    return `$${this.list.length}`
  }
}

export function equals(
  params: readonly string[],
  given: Readonly<Record<string, string>>,
  values: Values,
  alias: string,
): string {
  const all = params.map((name) => `${alias}."${name}" = ${values.add(given[name])}`)
  return all.length > 0 ? all.join(' and ') : 'true'
}

/** Checkpoint, whether the enclosing document exists (at a position), and the rows; one row of nulls when there are none. */
export function withCheckpoint(
  readable: Pick<ReadableResource, 'table' | 'within'>,
  given: Readonly<Record<string, string>>,
  rows: string,
  values: Values,
  at?: bigint,
): Statement {
  const { table, within } = readable
  const { name, version } = table.projection
  const exists = within ? existsSql(within.table, within.params, given, values, at) : 'true'
  const text = `
select c.position as checkpoint, ${exists} as is_within, r.*
from headwater.checkpoints c left join lateral (${rows}) r on true
where c.projection = ${values.add(name)} and c.version = ${values.add(version)} and c.partition = 0`
  return { text, values: values.list }
}

function existsSql(
  table: ReadTable,
  params: readonly string[],
  given: Readonly<Record<string, string>>,
  values: Values,
  at: bigint | undefined,
): string {
  const then = at === undefined ? '' : ` and w.created_position <= ${values.add(at)}::bigint`
  return `exists (select 1 from ${table.sql} w where ${equals(params, given, values, 'w')}${then})`
}

export function documentSql(readable: ReadableResource, given: Readonly<Record<string, string>>): Statement {
  const values = new Values()
  const where = equals(readable.table.keys, given, values, 't')
  return withCheckpoint(
    readable,
    given,
    `select true as is_found, t.* from ${readable.table.sql} t where ${where}`,
    values,
  )
}

export interface Place {
  readonly position: bigint
  readonly ordinal: number
}

export function collectionSql(
  readable: Pick<ReadableResource, 'table' | 'within'> & { readonly resource: { readonly params: readonly string[] } },
  given: Readonly<Record<string, string>>,
  prefixes: Readonly<Record<string, string>>,
  limit: number,
): Statement {
  const values = new Values()
  const where = [equals(readable.resource.params, given, values, 't')]
  for (const [name, prefix] of Object.entries(prefixes)) where.push(`starts_with(t."${name}", ${values.add(prefix)})`)
  const rows = `select true as is_found, t.* from ${readable.table.sql} t where ${where.join(' and ')}
    order by ${readable.table.keys.map((key) => `t."${key}"`).join(', ')} limit ${values.add(limit)}`
  return withCheckpoint(readable, given, rows, values)
}
