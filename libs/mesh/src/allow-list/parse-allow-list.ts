import { type AllowListContent, type AllowListEntry } from './allow-list.js'

/** 32 bytes in base64. */
const SPKI = /^[A-Za-z0-9+/]{43}=$/
const VERSION = /^\d{1,19}$/

/** @throws Error that names the source and what is wrong in it. */
export function parseAllowList(text: string, source: string): AllowListContent {
  const fail = (reason: string): never => {
    throw new Error(`allow-list ${source}: ${reason}`)
  }
  const json = parseJson(text)
  if (!isRecord(json)) return fail('not a JSON object')
  const { version, entries } = json
  if (typeof version !== 'string' || !VERSION.test(version)) return fail('"version" must be a string of digits')
  if (!Array.isArray(entries)) return fail('"entries" must be an array')
  return {
    version: BigInt(version),
    entries: entries.map((entry: unknown, index) =>
      isEntry(entry)
        ? { spki: entry.spki, role: entry.role, instance: entry.instance }
        : fail(`entry ${index} must have "spki" (base64 of SHA-256), "role" and "instance"`),
    ),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEntry(value: unknown): value is AllowListEntry {
  if (!isRecord(value)) return false
  const { spki, role, instance } = value
  return typeof spki === 'string' && SPKI.test(spki) && typeof role === 'string' && typeof instance === 'string'
}
