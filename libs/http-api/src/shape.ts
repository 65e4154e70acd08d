import { type FieldError } from '#domain-kit'
import { fieldIn } from './field-path.js'

/** Objects and lists within each other, the outermost included. */
export const DEPTH_MAX = 16
const ERRORS_MAX = 20

/**
 * What class-validator would let pass or stumble over: `null` (it would count as left out), lists of lists (it looks
 * into them and finds nothing wrong), and nesting so deep that recursion would not survive it. Iterative for that reason.
 */
export function shapeFaults(value: object): FieldError[] {
  const errors: FieldError[] = []
  const open: { readonly value: object; readonly path: string; readonly depth: number }[] = [
    { value, path: '', depth: 1 },
  ]
  for (let next = open.pop(); next; next = open.pop()) {
    const { path, depth } = next
    if (depth > DEPTH_MAX) return [{ field: path, rule: 'depth', message: `nested deeper than ${DEPTH_MAX} levels` }]
    for (const [name, each] of Object.entries(next.value) as [string, unknown][]) {
      const field = fieldIn(path, name)
      if (errors.length >= ERRORS_MAX) return errors
      if (each === null) errors.push({ field, rule: 'null', message: `${field} is null; leave the field out instead` })
      else if (Array.isArray(each) && Array.isArray(next.value))
        errors.push({ field, rule: 'object', message: `${field} is a list within a list` })
      else if (typeof each === 'object') open.push({ value: each, path: field, depth: depth + 1 })
    }
  }
  return errors
}
