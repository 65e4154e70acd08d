import { Dictionary } from './dictionary.js'

/**
 * What a state may be made of so that it can be written down and read again unchanged: text, numbers, booleans, bigint, null,
 * undefined, plain objects, arrays and {@link Dictionary}. Whatever has methods of its own (a Map, a Date, a class) is not in it:
 * such a state needs a {@link SnapshotCodec}.
 */
export type Storable<T> = T extends string | number | boolean | bigint | null | undefined
  ? T
  : T extends Dictionary<infer V>
    ? Dictionary<Storable<V>>
    : T extends (...given: never) => unknown
      ? never
      : { readonly [K in keyof T]: Storable<T[K]> }

/** How a state that is not {@link Storable} becomes a value that is, and again the state: equal in all that `decide` looks at. */
export interface SnapshotCodec<S> {
  encode(state: S): unknown
  /** @throws for what it did not encode; the snapshot is then ignored. */
  decode(stored: unknown): S
}

/** State that cannot be written down. `path` says where in it, such as `state.accounts["a"].opened`. */
export class NotStorable extends Error {
  override readonly name = 'NotStorable'
  constructor(
    readonly path: string,
    what: string,
  ) {
    super(`${path} is ${what}, which cannot be written down`)
  }
}

const DEPTH_MAX = 200

/*
 * JSON, in which an object whose only key begins with one $ stands for what JSON lacks; a key that begins with $ in the state itself is
 * written with one more.
 */
const UNDEFINED = '{"$undefined":0}'

/**
 * Writes a state down, in pieces that belong together without a separator: the caller may pause between them, since state never
 * changes. Read it again with {@link stateOf}.
 *
 * @throws NotStorable
 */
export function* stateText(value: unknown, path = 'state', depth = 0): Generator<string, void, undefined> {
  if (depth > DEPTH_MAX) throw new NotStorable(path, `nested deeper than ${DEPTH_MAX}, or in itself`)
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return yield JSON.stringify(value)
    case 'number':
      return yield Number.isFinite(value) && !Object.is(value, -0)
        ? String(value)
        : `{"$number":"${Object.is(value, -0) ? '-0' : value}"}`
    case 'bigint':
      return yield `{"$bigint":"${value}"}`
    case 'undefined':
      return yield UNDEFINED
    case 'object':
      return yield* objectText(value, path, depth + 1)
    default:
      throw new NotStorable(path, `a ${typeof value}`)
  }
}

function* objectText(value: object | null, path: string, depth: number): Generator<string, void, undefined> {
  if (value === null) return yield 'null'
  if (Array.isArray(value)) return yield* listText(value, path, depth)
  if (value instanceof Dictionary) {
    yield '{"$dictionary":['
    let separator = ''
    for (const [key, each] of value as Dictionary<unknown>) {
      yield `${separator}${JSON.stringify(key)},`
      yield* stateText(each, `${path}[${JSON.stringify(key)}]`, depth)
      separator = ','
    }
    return yield ']}'
  }
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype) return yield* plainText(value, path, depth)
  if (prototype !== null) throw new NotStorable(path, `a ${nameOf(prototype)}`)
  yield '{"$bare":'
  yield* plainText(value, path, depth)
  yield '}'
}

function nameOf(prototype: object): string {
  return (
    (prototype as { readonly constructor?: { readonly name?: string } }).constructor?.name ?? 'thing of its own kind'
  )
}

function* listText(list: readonly unknown[], path: string, depth: number): Generator<string, void, undefined> {
  yield '['
  for (let at = 0; at < list.length; at += 1) {
    if (at > 0) yield ','
    yield* stateText(list[at], `${path}[${at}]`, depth)
  }
  yield ']'
}

function* plainText(value: object, path: string, depth: number): Generator<string, void, undefined> {
  if (Object.getOwnPropertySymbols(value).length > 0) throw new NotStorable(path, 'an object with symbols for keys')
  let separator = '{'
  for (const [key, each] of Object.entries(value)) {
    yield `${separator}${JSON.stringify(key.startsWith('$') ? `$${key}` : key)}:`
    yield* stateText(each, `${path}.${key}`, depth)
    separator = ','
  }
  yield separator === '{' ? '{}' : '}'
}

/** Reads what {@link stateText} wrote. @throws SyntaxError, RangeError for anything else */
export function stateOf(text: string): unknown {
  return valueOf(JSON.parse(text) as unknown)
}

function valueOf(written: unknown): unknown {
  if (typeof written !== 'object' || written === null) return written
  if (Array.isArray(written)) return written.map(valueOf)
  const entries = Object.entries(written)
  const [first] = entries
  if (first && entries.length === 1 && /^\$[^$]/.test(first[0])) return taggedValue(first[0], first[1])
  return Object.fromEntries(entries.map(([key, each]) => [plainKey(key), valueOf(each)]))
}

function plainKey(key: string): string {
  if (/^\$(?!\$)/.test(key)) throw new RangeError(`"${key}" stands where no tag may stand`)
  return key.startsWith('$$') ? key.slice(1) : key
}

function taggedValue(tag: string, written: unknown): unknown {
  switch (tag) {
    case '$undefined':
      return undefined
    case '$number':
      return Number(written)
    case '$bigint':
      return BigInt(written as string)
    case '$bare':
      return Object.assign(Object.create(null) as object, valueOf(written))
    case '$dictionary':
      return Dictionary.from(pairsOf(written as readonly unknown[]))
    default:
      throw new RangeError(`there is no tag "${tag}"`)
  }
}

function* pairsOf(flat: readonly unknown[]): Generator<readonly [string, unknown]> {
  for (let at = 0; at < flat.length; at += 2) {
    const key = flat[at]
    if (typeof key !== 'string' || at + 1 === flat.length)
      throw new RangeError('a dictionary is keys and values in turn')
    yield [key, valueOf(flat[at + 1])]
  }
}
