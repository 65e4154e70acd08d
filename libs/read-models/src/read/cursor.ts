import { createHash } from 'node:crypto'
import { type Column } from '#domain-kit'
import { Problem } from '#runtime'
import { type StoredRow, toSqlText } from '../tables/row-codec.js'
import { type Mark } from './list-sql.js'
import { type ListQuery } from './query.js'
import { type NamedResource } from './resources.js'

const INT32_MAX = 2_147_483_647n
const INT64_MAX = 9_223_372_036_854_775_807n
/** What a sorted column's value looks like: a cursor comes from outside and must not make a statement fail. */
const KEYS: Readonly<Partial<Record<Column['type'], (key: string) => boolean>>> = {
  text: (key) => key.isWellFormed() && !key.includes('\0'),
  integer: (key) => isInteger(key, INT32_MAX),
  bigint: (key) => isInteger(key, INT64_MAX),
  numeric: (key) => /^-?\d{1,1000}(\.\d{1,1000})?$/.test(key),
}

function isInteger(key: unknown, max: bigint): key is string {
  if (typeof key !== 'string' || !/^-?\d{1,19}$/.test(key)) return false
  return BigInt(key) <= max && BigInt(key) >= -max
}

/**
 * Where a page of a list ended. Opaque to clients, and good for that list in that order, with those filters and that `at` only:
 * a place among other rows would skip some and tell others twice.
 */
export class Cursors {
  private readonly scope: string
  private readonly column: Column | undefined

  constructor(
    { readable, params }: NamedResource,
    private readonly query: Omit<ListQuery, 'cursor' | 'limit'>,
  ) {
    const { sort, where = [], at } = query
    const when = at && ('position' in at ? at.position.toString() : at.time)
    const conditions = where.map(({ filter, value }) => [filter.rule, filter.column, filter.field, value])
    const text = JSON.stringify([readable.resource.name, params, sort ?? null, conditions, when ?? null])
    this.scope = createHash('sha256').update(text).digest('base64url').slice(0, 16)
    this.column = sort && readable.table.columns[sort.column]
  }

  /** @param at the position at which a list of long ago was read: all its pages are of the same state. */
  encode({ row, created }: StoredRow, at: bigint | undefined): string {
    const { sort } = this.query
    const key = sort && this.column ? toSqlText(this.column, row[sort.column]) : null
    const parts = [this.scope, created.position.toString(), created.ordinal, key, at?.toString() ?? null]
    return Buffer.from(JSON.stringify(parts)).toString('base64url')
  }

  /** @throws Problem `invalid-cursor` */
  decode(cursor: string): Mark {
    const mark = this.markOf(cursor)
    if (mark) return mark
    throw Problem.of(
      'invalid-cursor',
      'cursor must be the "next" of a page of this same list, with the same sort, filters and at',
      { errors: [{ field: 'cursor', rule: 'cursor', message: 'not a cursor of this list' }] },
    )
  }

  private markOf(cursor: string): Mark | undefined {
    let value: unknown
    try {
      value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    } catch {
      return undefined
    }
    if (!Array.isArray(value)) return undefined
    const [scope, position, ordinal, key, at] = value as unknown[]
    if (scope !== this.scope || !isInteger(position, INT64_MAX) || !isInteger(String(ordinal), INT32_MAX))
      return undefined
    if (!this.isKey(key) || (at !== null && !isInteger(at, INT64_MAX))) return undefined
    const place = { position: BigInt(position), ordinal: Number(ordinal) }
    return { ...place, ...(key === null ? {} : { key }), ...(at === null ? {} : { at: BigInt(at) }) }
  }

  private isKey(key: unknown): key is string | null {
    if (!this.column) return key === null
    return typeof key === 'string' && (KEYS[this.column.type]?.(key) ?? false)
  }
}
