import { laneFor } from '../project/lanes.js'
import { type ReadTable } from '../tables/table.js'
import { type RowBound } from './bounded-query.js'
import { type Checkpoint } from './replicas/replica.js'
import { type NamedResource, type ReadableResource, type RowFilter } from './resources.js'

/** A statement that answers with the checkpoint and the rows of one and the same snapshot. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
  /** Where reading ends before its rows do. They are read to their end when it is left out. */
  readonly bound?: RowBound
}

export class Values {
  readonly list: unknown[] = []
  add(value: unknown): string {
    this.list.push(value)
    return `$${this.list.length}`
  }
}

/**
 * In the text, not among the values: who plans without knowing how many are wanted expects a tenth of all, and a plan for that is no plan for a page.
 *
 * @param limit a whole number.
 */
export const limitSql = (limit: number): string => `limit ${BigInt(limit)}`

export function equals(
  params: readonly string[],
  given: Readonly<Record<string, string>>,
  values: Values,
  alias: string,
): string {
  const all = params.map((name) => `${alias}."${name}" = ${values.add(given[name])}`)
  return all.length > 0 ? all.join(' and ') : 'true'
}

/** A query of rows of a table, `t` in what follows, as {@link withCheckpoint} takes it. */
export const rowsIn = ({ sql }: Pick<ReadTable, 'sql'>, rest: string): string =>
  `select true as is_found, t.* from ${sql} t ${rest}`

/**
 * Rows of a table as a source has them, without saying how far that is.
 *
 * @param rest what follows `from`, with the table as `t`; its values are `values`.
 */
export const rowsSql = (table: Pick<ReadTable, 'sql'>, rest: string, values: readonly unknown[]): Statement => ({
  text: rowsIn(table, rest),
  values,
})

/** Only rows that a restricted token may see. */
export const visibleSql = ({ column, values: seen }: RowFilter, values: Values, alias: string): string =>
  `${alias}."${column}" = any(${values.add(seen)})`

/** Checkpoint and build (`<position>/<number>`), whether the enclosing document exists (at a position), and the rows; one row of nulls when there are none. */
export function withCheckpoint(
  readable: Enclosed,
  given: Readonly<Record<string, string>>,
  rows: string,
  values: Values,
  at?: bigint,
): Statement {
  const { table, within } = readable
  const exists = within ? existsSql(within.table, within.params, given, values, at) : 'true'
  const text = `
select c.position || '/' || c.build as checkpoint, ${exists} as is_within, r.*
from (${checkpointSql(tablesOfCheckpoint({ table, within }), given, values)}) c left join lateral (${rows}) r on true`
  return { text, values: values.list }
}

/**
 * How far the live builds of these tables are, in the lanes of what is read: the least of them, for it is what the answer reflects. And which
 * build of the first of them it is.
 */
function checkpointSql(tables: readonly ReadTable[], given: Readonly<Record<string, string>>, values: Values): string {
  const each = tables.map((table, at) => {
    const { name, version } = table.projection
    const lane = laneFor(table, given)
    const inLane = lane === undefined ? 'true' : `m.lane = ${values.add(lane)}`
    return `select coalesce(m.position, l.position) as position, ${at === 0 ? 'b.build' : 'null::integer as build'}
      from headwater.members m join headwater.builds b using (projection, version, build)
      join headwater.lanes l on l.fleet = m.fleet and l.lane = m.lane
      where m.projection = ${values.add(name)} and m.version = ${values.add(version)} and ${inLane} and b.slot = 'live'`
  })
  const [table] = tables
  if (table && each.length === 1 && laneFor(table, given) !== undefined) return each.join('')
  return `select min(position) as position, max(build) as build from (${each.join(' union all ')}) p having count(*) >= ${each.length}`
}

type Enclosed = Pick<ReadableResource, 'table' | 'within'>

/** The first is what is read. */
const tablesOfCheckpoint = (readable: Enclosed): readonly ReadTable[] =>
  readable.within && spansProjections(readable) ? [readable.table, readable.within.table] : [readable.table]

/**
 * Whose checkpoints an answer is about, the least of them, and in which lanes: of all lanes when the parameters name no instance. See
 * {@link withCheckpoint}.
 */
export function checkpointsIn(readable: Enclosed, given: Readonly<Record<string, string>>): readonly Checkpoint[] {
  return tablesOfCheckpoint(readable).map((table) => {
    const { name, version } = table.projection
    return { name, version, lane: laneFor(table, given) }
  })
}

/**
 * Is the checkpoint that of another projection, too? Then the rows may be ahead of it: it is folded in another lane, or by itself, or by the
 * fleet of another release.
 */
export function spansProjections({ table, within }: Enclosed): boolean {
  return within !== undefined && within.table.projection !== table.projection
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

/**
 * Rows of what lies beside the read models, with the checkpoint of a resource, in one snapshot: what was written before an event is there when the event
 * is folded.
 *
 * @param rows with the column `position`, which is their place in the log; its values come first.
 */
export function besideSql(
  { readable, params }: Pick<NamedResource, 'readable' | 'params'>,
  rows: Statement,
): Statement {
  const values = new Values()
  for (const value of rows.values) values.add(value)
  const text = `select true as is_found, b.*, position as created_position, 0 as created_ordinal, position as changed_position
from (${rows.text}) b`
  return withCheckpoint(readable, params, text, values)
}

/** How far it is, and no rows. */
export function positionSql(readable: Enclosed, given: Readonly<Record<string, string>>): Statement {
  return withCheckpoint(readable, given, 'select false as is_found where false', new Values())
}

export function documentSql(readable: ReadableResource, given: Readonly<Record<string, string>>): Statement {
  const values = new Values()
  const where = equals(readable.table.keys, given, values, 't')
  return withCheckpoint(readable, given, rowsIn(readable.table, `where ${where}`), values)
}

export interface Place {
  readonly position: bigint
  readonly ordinal: number
}

export function collectionSql(
  readable: Enclosed & { readonly resource: { readonly params: readonly string[] } },
  given: Readonly<Record<string, string>>,
  prefixes: Readonly<Record<string, string>>,
  limit: number,
  only?: RowFilter,
): Statement {
  const values = new Values()
  const where = [equals(readable.resource.params, given, values, 't')]
  if (only) where.push(visibleSql(only, values, 't'))
  for (const [name, prefix] of Object.entries(prefixes)) where.push(`starts_with(t."${name}", ${values.add(prefix)})`)
  const order = readable.table.keys.map((key) => `t."${key}"`).join(', ')
  const rest = `where ${where.join(' and ')} order by ${order} ${limitSql(limit)}`
  return withCheckpoint(readable, given, rowsIn(readable.table, rest), values)
}

/** What {@link withCheckpoint} answered, of the first row; nothing before the first batch. */
export function checkpointOf(first: Readonly<Record<string, unknown>> | undefined): {
  readonly position: bigint
  readonly build: number
} {
  const [position = '0', build = '0'] = ((first?.['checkpoint'] as string | null | undefined) ?? '0/0').split('/')
  return { position: BigInt(position), build: Number(build) }
}
