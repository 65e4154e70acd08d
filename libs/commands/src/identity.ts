import { hash } from 'node:crypto'

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The same value with the keys of every object in order; parts that are in order already are shared. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const all = value.map(ordered)
    return all.every((each, at) => each === value[at]) ? value : all
  }
  const names = Object.keys(value)
  let isInOrder = true
  const entries = names.map((name, at): [string, unknown] => {
    const each = (value as Readonly<Record<string, unknown>>)[name]
    const inner = ordered(each)
    if (inner !== each || (at > 0 && order(names[at - 1] ?? '', name) > 0)) isInOrder = false
    return [name, inner]
  })
  // `fromEntries` makes `__proto__` a key like any other; an assignment would not.
  return isInOrder ? value : Object.fromEntries(entries.sort(([a], [b]) => order(a, b)))
}

/** JSON with sorted keys: equal for equal content, however it was written down. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(ordered(value))
}

/** What was asked, as 64 hex digits: equal for an honest retry, different for a reused key. */
export function requestHash(command: string, target: string, body: object): string {
  return hash('sha256', canonicalJson({ body, command, target }), 'hex')
}

/** The id of a command's nth event: the same for every retry, on every instance (a UUID of version 8, RFC 9562). */
export function eventId(stream: string, key: string, index: number): string {
  const hex = hash('sha256', `${stream}\0${key}\0${index}`, 'hex')
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`
}
