/**
 * A persistent map from text to values: `set` and `delete` return a new dictionary and share all but one path with the
 * old one, in O(log n). Made for aggregate state, where copying a record of ten thousand accounts for every command
 * would be the slowest part of deciding. Keys are compared exactly; `__proto__` is a key like any other.
 * A hash array mapped trie after Bagwell, "Ideal Hash Trees" (2001), without the bitmaps. Its shape follows from its contents
 * alone, so that state which was written down and read again behaves as state that was folded, order included.
 */
export class Dictionary<V> {
  private constructor(
    private readonly root: Node<V> | undefined,
    /** Number of keys. */
    readonly size: number,
  ) {}

  static empty<V>(): Dictionary<V> {
    return new Dictionary<V>(undefined, 0)
  }

  static from<V>(entries: Iterable<readonly [string, V]>): Dictionary<V> {
    let dictionary = Dictionary.empty<V>()
    for (const [key, value] of entries) dictionary = dictionary.set(key, value)
    return dictionary
  }

  get(key: string): V | undefined {
    return seek(this.root, key, hashIn(this.root, key))?.[1]
  }

  has(key: string): boolean {
    return seek(this.root, key, hashIn(this.root, key)) !== undefined
  }

  set(key: string, value: V): Dictionary<V> {
    const hash = hashIn(this.root, key)
    const known = seek(this.root, key, hash) !== undefined
    return new Dictionary(insert(this.root, key, value, hash, 0), known ? this.size : this.size + 1)
  }

  delete(key: string): Dictionary<V> {
    return this.has(key) ? new Dictionary(remove(this.root, key, hashIn(this.root, key), 0), this.size - 1) : this
  }

  /** In no particular order, the same for equal contents, whatever their histories. */
  *entries(): IterableIterator<readonly [string, V]> {
    yield* walk(this.root)
  }

  [Symbol.iterator](): IterableIterator<readonly [string, V]> {
    return this.entries()
  }

  toJSON(): readonly (readonly [string, V])[] {
    return [...this.entries()]
  }
}

type Entry<V> = readonly [string, V]
interface Leaf<V> {
  readonly kind: 'leaf'
  readonly entries: readonly Entry<V>[]
}
interface Branch<V> {
  readonly kind: 'branch'
  readonly children: readonly (Node<V> | undefined)[]
}
type Node<V> = Leaf<V> | Branch<V>

const BITS = 5
const WIDTH = 1 << BITS
const MASK = WIDTH - 1
/** A leaf splits beyond this many entries; below the last level (all 32 bits used) it grows instead. */
const LEAF_MAX = 8

/** FNV-1a over UTF-16 code units, with a final mix. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** A leaf is searched, not addressed: in a small dictionary nothing needs to be hashed. */
function hashIn<V>(root: Node<V> | undefined, key: string): number {
  return root?.kind === 'branch' ? hashOf(key) : 0
}

function seek<V>(root: Node<V> | undefined, key: string, hash: number): Entry<V> | undefined {
  let node = root
  for (let shift = 0; node !== undefined; shift += BITS) {
    if (node.kind === 'leaf') {
      for (const entry of node.entries) if (entry[0] === key) return entry
      return undefined
    }
    node = node.children[(hash >>> shift) & MASK]
  }
  return undefined
}

function insert<V>(node: Node<V> | undefined, key: string, value: V, hash: number, shift: number): Node<V> {
  if (node === undefined) return { kind: 'leaf', entries: [[key, value]] }
  if (node.kind === 'branch') {
    const index = (hash >>> shift) & MASK
    return {
      kind: 'branch',
      children: node.children.with(index, insert(node.children[index], key, value, hash, shift + BITS)),
    }
  }
  const at = node.entries.findIndex(([each]) => each >= key)
  if (node.entries[at]?.[0] === key) return { kind: 'leaf', entries: node.entries.with(at, [key, value]) }
  return leafOrBranch(node.entries.toSpliced(at < 0 ? node.entries.length : at, 0, [key, value]), shift)
}

/** @param entries in the order of their keys. */
function leafOrBranch<V>(entries: readonly Entry<V>[], shift: number): Node<V> {
  return entries.length > LEAF_MAX && shift < 32 ? split(entries, shift) : { kind: 'leaf', entries }
}

function split<V>(entries: readonly Entry<V>[], shift: number): Node<V> {
  const buckets = Array.from({ length: WIDTH }, () => [] as Entry<V>[])
  for (const entry of entries) buckets[(hashOf(entry[0]) >>> shift) & MASK]?.push(entry)
  return {
    kind: 'branch',
    children: buckets.map((bucket) => (bucket.length > 0 ? leafOrBranch(bucket, shift + BITS) : undefined)),
  }
}

function remove<V>(node: Node<V> | undefined, key: string, hash: number, shift: number): Node<V> | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'leaf') {
    const entries = node.entries.filter(([each]) => each !== key)
    return entries.length > 0 ? { kind: 'leaf', entries } : undefined
  }
  const index = (hash >>> shift) & MASK
  const children = node.children.with(index, remove(node.children[index], key, hash, shift + BITS))
  return merged(children) ?? { kind: 'branch', children }
}

/** The one leaf that is enough for what is left below a branch; undefined when it would be too large. */
function merged<V>(children: readonly (Node<V> | undefined)[]): Leaf<V> | undefined {
  const entries: Entry<V>[] = []
  for (const child of children) {
    if (child === undefined) continue
    if (child.kind === 'branch' || entries.length + child.entries.length > LEAF_MAX) return undefined
    entries.push(...child.entries)
  }
  return { kind: 'leaf', entries: entries.sort(([a], [b]) => (a < b ? -1 : 1)) }
}

function* walk<V>(node: Node<V> | undefined): IterableIterator<Entry<V>> {
  if (node === undefined) return
  if (node.kind === 'leaf') yield* node.entries
  else for (const child of node.children) yield* walk(child)
}
