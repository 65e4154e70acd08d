import { type Columns, initialRow, type Resource, type RowOf } from '#domain-kit'
import { type JsonSchema } from './schemas.js'

const POSITION: JsonSchema = { type: 'string', description: 'The position that the answer reflects' }
const NEXT: JsonSchema = {
  type: 'string',
  nullable: true,
  description: 'The `cursor` of the next page; null on the last',
}

/**
 * What a resource answers: nothing declares it, so it is read off what is answered for a row that no event has touched, once with null in the
 * columns that may be null and once without. Fields are named and typed; what is empty in such a row is said to be of any kind.
 */
export function answerSchema(resource: Resource): JsonSchema {
  const columns = resource.projection.tables[resource.table] ?? {}
  switch (resource.kind) {
    case 'document':
      return answered(shown(columns, (row) => resource.answer(row, NOWHERE)))
    case 'collection':
      return answered(shown(columns, (row) => resource.answer([row], new (resource.query ?? Object)())))
    case 'list': {
      const items = { type: 'array', items: shown(columns, (row) => resource.item(row, NOWHERE)) }
      return {
        type: 'object',
        properties: { position: POSITION, items, next: NEXT },
        required: ['position', 'items', 'next'],
      }
    }
  }
}

const NOWHERE = { createdAt: 0n, changedAt: 0n }

type Row = RowOf<Columns>

/** As {@link initialRow}, with nothing null. */
function filledRow(columns: Columns): Row {
  const filled = { text: '', integer: 0, bigint: 0n, numeric: '0', boolean: false, json: null }
  return Object.fromEntries(Object.entries(columns).map(([name, { initial, type }]) => [name, initial ?? filled[type]]))
}

/** A function of a domain that does not expect such a row says nothing. */
function shown(columns: Columns, show: (row: Row) => object): JsonSchema {
  try {
    return merged(schemaOf(show(initialRow(columns, {}))), schemaOf(show(filledRow(columns))))
  } catch {
    return { type: 'object' }
  }
}

function answered(schema: JsonSchema): JsonSchema {
  const properties = (schema['properties'] ?? {}) as JsonSchema
  return {
    type: 'object',
    properties: { position: POSITION, ...properties },
    required: ['position'],
    additionalProperties: true,
  }
}

const ANYTHING: JsonSchema = {}
const NULL: JsonSchema = { nullable: true }

function schemaOf(value: unknown): JsonSchema {
  if (value === null) return NULL
  if (Array.isArray(value)) return { type: 'array', items: value.length > 0 ? schemaOf(value[0]) : ANYTHING }
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: typeof value }
    case 'object': {
      const fields = Object.entries(value).filter(([, each]) => each !== undefined)
      return { type: 'object', properties: Object.fromEntries(fields.map(([name, each]) => [name, schemaOf(each)])) }
    }
    default:
      return ANYTHING
  }
}

/** Of two answers, one of which may have null where the other has a value. */
function merged(bare: JsonSchema, filled: JsonSchema): JsonSchema {
  if (bare === NULL) return filled === NULL ? NULL : { ...filled, ...NULL }
  const [some, others] = [bare['properties'], filled['properties']] as (Record<string, JsonSchema> | undefined)[]
  if (!some || !others) return filled
  const either = Object.entries({ ...some, ...others })
  const properties = either.map(([name, schema]) => [name, merged(some[name] ?? ANYTHING, schema)])
  return { ...filled, properties: Object.fromEntries(properties) as JsonSchema }
}
