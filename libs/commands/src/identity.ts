import { hash } from 'node:crypto'

/** The same value with the keys of every object in order (of UTF-16 code units); what is in order already is shared. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? orderedItems(value) : orderedFields(value as Readonly<Record<string, unknown>>)
}

function orderedItems(items: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined
  for (const [at, item] of items.entries()) {
    const inner = ordered(item)
    if (inner !== item) (copy ??= [...items])[at] = inner
  }
  return copy ?? items
}

function orderedFields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const names = Object.keys(fields)
  let isSame = names.every((name, at) => at === 0 || (names[at - 1] ?? '') <= name)
  if (!isSame) names.sort()
  const copy: Record<string, unknown> = {}
  for (const name of names) {
    const inner = ordered(fields[name])
    if (inner !== fields[name]) isSame = false
    // Assigned, it would be no key.
    if (name === '__proto__') Object.defineProperty(copy, name, { value: inner, enumerable: true })
    else copy[name] = inner
  }
  return isSame ? fields : copy
}

/** JSON with sorted keys: equal for equal content, however it was written down. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(ordered(value))
}

/** What was asked, in full: equal for an honest retry, different for a reused key. */
export function requestText(command: string, target: string, body: object): string {
  return canonicalJson({ body, command, target })
}

/** SHA-256 of a {@link requestText}, as 64 hex digits. */
export function requestHash(text: string): string {
  return hash('sha256', text, 'hex')
}
