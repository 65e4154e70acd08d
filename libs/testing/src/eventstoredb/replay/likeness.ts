import { cutString, isObject, type Json, type JsonObject } from './json.js'

/** Values that differ from run to run and say nothing: times, random halves of ids, what only the recorder knew. */
const IGNORED = new Set([
  'created',
  'deadline',
  'timeStamp',
  'mostSignificantBits',
  'leastSignificantBits',
  '_raw',
  't_ms',
])
/** The revision of a metadata stream is a position: a mistake of the client. */
const POSITION_KEYS = new Set(['commit', 'prepare', 'commitPosition', 'preparePosition', 'metastreamRevision'])
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** What the generated code makes of 2^64-1; the double leaves that deprecated field unset. */
const UNSAID = 18446744073709552000

/**
 * Compares what happened with what was recorded. Ids, ports and positions may differ, as long as the same one always
 * stands for the same one and positions keep their order.
 */
export class Likeness {
  readonly differences: string[] = []
  readonly #stand = new Map<string, string>()
  readonly #positions = new Map<bigint, bigint>()

  compare(recorded: Json | undefined, actual: Json | undefined, path: string): void {
    if (recorded === UNSAID) return
    if (typeof recorded === 'string' && typeof actual === 'string') this.#strings(recorded, actual, path)
    else if (Array.isArray(recorded) && Array.isArray(actual)) this.#lists(recorded as Json[], actual as Json[], path)
    else if (isObject(recorded) && isObject(actual)) this.#objects(recorded, actual, path)
    else if (recorded !== actual) this.#differ(recorded, actual, path)
  }

  /** The position here that stands for a recorded one. */
  position(recorded: bigint): bigint {
    return this.#positions.get(recorded) ?? recorded
  }

  /** Says beforehand which position stands for which. */
  stands(recorded: bigint, actual: bigint): void {
    this.#positions.set(recorded, actual)
  }

  /** All differences, those in the order of positions included. */
  verdict(): readonly string[] {
    const ordered = [...this.#positions].sort(([a], [b]) => (a < b ? -1 : 1))
    const disorder = ordered.filter(([, actual], at) => at > 0 && actual <= (ordered[at - 1] as [bigint, bigint])[1])
    return [
      ...this.differences,
      ...disorder.map(([recorded, actual]) => `position ${recorded} out of order: ${actual}`),
    ]
  }

  #objects(recorded: JsonObject, actual: JsonObject, path: string): void {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(actual)])) {
      const at = `${path}.${key}`
      const [before, now] = [recorded[key], actual[key]]
      if (IGNORED.has(key)) continue
      if (POSITION_KEYS.has(key) && typeof before === 'string' && typeof now === 'string')
        this.#comparePositions(before, now, at)
      else if (key === 'port' && typeof before === 'number' && typeof now === 'number')
        this.#same(`port ${before}`, `port ${now}`, at)
      else this.compare(before, now, at)
    }
  }

  #lists(recorded: readonly Json[], actual: readonly Json[], path: string): void {
    if (recorded[0] === 'created' && actual[0] === 'created') return
    if (recorded.length !== actual.length) this.#differ(recorded.length, actual.length, `${path}.length`)
    for (const [at, value] of recorded.entries()) this.compare(value, actual[at], `${path}[${at}]`)
  }

  #strings(recorded: string, actual: string, path: string): void {
    const cut = cutString(recorded)
    if (/^\d+n$/.test(recorded) && this.#positions.has(BigInt(recorded.slice(0, -1))))
      this.#comparePositions(recorded, actual, path)
    else if (UUID.test(recorded) && UUID.test(actual)) this.#same(recorded, actual, path)
    else if (cut !== undefined) {
      if (!actual.startsWith(cut.start) || actual.length !== cut.length)
        this.#differ(recorded, actual.slice(0, 80), path)
    } else if (textOf(recorded) !== textOf(actual)) this.#differ(recorded, actual, path)
  }

  #comparePositions(recorded: string, actual: string, path: string): void {
    const [before, now] = [BigInt(recorded.replace('n', '')), BigInt(actual.replace('n', ''))]
    if (before === 0n || now === 0n) {
      if (before !== now) this.#differ(recorded, actual, path)
    } else if (!this.#positions.has(before)) this.#positions.set(before, now)
    else if (this.#positions.get(before) !== now) this.#differ(recorded, actual, path)
  }

  #same(recorded: string, actual: string, path: string): void {
    const known = this.#stand.get(recorded)
    if (known === undefined) this.#stand.set(recorded, actual)
    else if (known !== actual) this.#differ(recorded, actual, path)
  }

  #differ(recorded: unknown, actual: unknown, path: string): void {
    this.differences.push(`${path}: recorded ${JSON.stringify(recorded)}, now ${JSON.stringify(actual)}`)
  }
}

/** Messages without ports and durations. */
const textOf = (text: string): string =>
  text
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/after [\d.]+s,.*remote_addr/g, 'after a while,remote_addr')
