import { type ReadableHistory, type ReadableResource } from './resources.js'
import { equals, limitSql, rowsIn, type Statement, Values, withCheckpoint } from './sql.js'

type Given = Readonly<Record<string, string>>

/** The last event of the instance at or before a time: its position is the row's `changed`. */
export function momentSql({ timeline }: ReadableHistory, params: Given, time: string): Statement {
  const values = new Values()
  const id = values.add(params[timeline.projection.of.name])
  const rows = rowsIn(timeline, `where t.id = ${id} and t.time <= ${values.add(time)} order by t.time desc limit 1`)
  return withCheckpoint({ table: timeline, within: undefined }, params, rows, values)
}

export interface LatestRange {
  readonly at: bigint
  readonly prefixes: Given
  readonly limit: number
}

/** What {@link latestSql} reads. A document of long ago is there if its own row was. */
export function latestReadable(
  readable: ReadableResource,
  { lines }: NonNullable<ReadableHistory['latest']>,
): Pick<ReadableResource, 'table' | 'within'> {
  const { table, resource, within } = readable
  const ownRow = resource.kind === 'document' ? { table, params: resource.params } : undefined
  return { table: lines, within: within ?? ownRow }
}

/** Of each series of the path the last line up to the position: one look into the lines' index for each. */
export function latestSql(
  readable: ReadableResource,
  latest: NonNullable<ReadableHistory['latest']>,
  params: Given,
  { at, prefixes, limit }: LatestRange,
): Statement {
  const { series, lines, by } = latest
  const values = new Values()
  const where = [equals(readable.resource.params, params, values, 's')]
  for (const [name, prefix] of Object.entries(prefixes)) where.push(`starts_with(s."${name}", ${values.add(prefix)})`)
  const rows = `
select true as is_found, l.* from ${series.sql} s cross join lateral (
  select l.* from ${lines.sql} l
  where ${by.map((key) => `l."${key}" = s."${key}"`).join(' and ')} and l.created_position <= ${values.add(at)}::bigint
  order by l.created_position desc, l.created_ordinal desc limit 1
) l where ${where.join(' and ')} order by ${by.map((key) => `s."${key}"`).join(', ')} ${limitSql(limit)}`
  return withCheckpoint(latestReadable(readable, latest), params, rows, values, at)
}
