import { layoutOf } from '../tables/row-codec.js'
import { type TableChanges } from './table-state.js'

type Values = Readonly<Record<string, unknown>>

/** About what a value takes that is no text. */
const OTHER = 8

/** About how many UTF-16 units all that a batch writes comes to: to add them up costs little, and to write it may cost all memory that there is. */
export function lengthOf(writes: readonly TableChanges[]): number {
  let length = 0
  for (const { table, updates, created, inserts } of writes) {
    const columns = layoutOf(table.columns)
    for (const rows of [updates, created, inserts])
      for (const { row } of rows) for (const [name] of columns) length += valueLength(row[name])
  }
  return length
}

function valueLength(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return OTHER
  let length = OTHER
  // Without arrays of what is in it: this is asked of every cell that is written.
  if (Array.isArray(value)) for (const each of value) length += valueLength(each)
  else for (const name in value) length += name.length + valueLength((value as Values)[name])
  return length
}
