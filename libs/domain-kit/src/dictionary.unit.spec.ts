import fc from 'fast-check'
import { Dictionary } from './dictionary.js'

const INHERITED = [...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'length', 'size']

describe('a dictionary', () => {
  test('is empty at first', () => {
    const empty = Dictionary.empty<number>()
    expect([empty.size, empty.get('a'), empty.has('a'), [...empty]]).toEqual([0, undefined, false, []])
    expect(empty.delete('a')).toBe(empty)
  })

  test('compares keys exactly', () => {
    const names = Dictionary.from([
      ['caf\u00e9', 1],
      ['cafe\u0301', 2],
      ['CAF\u00c9', 3],
      ['', 4],
      [' ', 5],
    ])
    expect(names.size).toBe(5)
    expect(['caf\u00e9', 'cafe\u0301', 'CAF\u00c9', '', ' '].map((name) => names.get(name))).toEqual([1, 2, 3, 4, 5])
  })

  test.each(INHERITED)('has no key %s until it is set, and pollutes nothing when it is', (name) => {
    const empty = Dictionary.empty<unknown>()
    expect([empty.get(name), empty.has(name)]).toEqual([undefined, false])
    const polluting = { isAdmin: true }
    const set = empty.set(name, polluting)
    expect([set.get(name), set.size, [...set]]).toEqual([polluting, 1, [[name, polluting]]])
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
    expect((set as unknown as Record<string, unknown>)['isAdmin']).toBeUndefined()
    expect(set.delete(name).has(name)).toBe(false)
  })

  test('has a key whose value is undefined, once', () => {
    const set = Dictionary.from([
      ['a', undefined],
      ['a', undefined],
    ])
    expect([set.has('a'), set.size, [...set]]).toEqual([true, 1, [['a', undefined]]])
    expect(set.delete('a').size).toBe(0)
  })

  test('becomes a list of pairs in JSON', () => {
    expect(JSON.stringify(Dictionary.from([['__proto__', 1]]))).toBe('[["__proto__",1]]')
  })
})

describe('a dictionary that changes', () => {
  test('leaves the one before as it was', () => {
    const one = Dictionary.from([['a', 1]])
    const two = one.set('a', 2).set('b', 3)
    const none = one.delete('a')
    expect([one, two, none].map((each) => each.toJSON())).toEqual([[['a', 1]], expect.anything(), []])
    expect([two.get('a'), two.get('b'), two.size]).toEqual([2, 3, 2])
  })

  test('shares all but a path with the one before', () => {
    const many = Dictionary.from(Array.from({ length: 20_000 }, (_, at) => [`account:${at}`, { at }] as const))
    const shared = new Set<unknown>(nodesOf(many))
    const fresh = nodesOf(many.set('account:77', { at: -1 })).filter((node) => !shared.has(node))
    expect(fresh.length).toBeLessThanOrEqual(8)
  })

  test('holds far more keys than one hash can keep apart', () => {
    const [a, b] = colliding()
    const both = Dictionary.from([
      [a, 1],
      [b, 2],
    ])
    const crowd = Array.from({ length: 500 }, (_, at) => [`other-${at}`, at] as const)
    const all = crowd.reduce((each, [key, value]) => each.set(key, value), both)
    expect([all.get(a), all.get(b), all.size]).toEqual([1, 2, 502])
    expect([all.delete(a).get(a), all.delete(a).get(b)]).toEqual([undefined, 2])
  })
})

/** Every node that a dictionary is made of. */
function nodesOf(of: Dictionary<unknown>): unknown[] {
  const open: unknown[] = [(of as unknown as { readonly root: unknown }).root]
  for (let at = 0; at < open.length; at++) {
    const { children = [] } = open[at] as { readonly children?: readonly unknown[] }
    open.push(...children.filter((child) => child !== undefined))
  }
  return open
}

/** Two keys with one hash: FNV-1a is easily driven into a corner, so the corner is searched for. */
function colliding(): [string, string] {
  const seen = new Map<number, string>()
  for (let n = 0; ; n++) {
    const key = `k${n}`
    let hash = 0x811c9dc5
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
    const other = seen.get(hash)
    if (other !== undefined) return [other, key]
    seen.set(hash, key)
  }
}

type Step = readonly ['set', string, number] | readonly ['delete', string]
const keys = fc.oneof(fc.string({ maxLength: 3 }), fc.nat(60).map(String), fc.constantFrom(...INHERITED))
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant('set' as const), keys, fc.nat(99)) },
    fc.tuple(fc.constant('delete' as const), keys),
  ),
  { maxLength: 300 },
)

test('a dictionary does what a Map does, and every version of it stays what it was', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const map = new Map<string, number>()
      let dictionary = Dictionary.empty<number>()
      const versions: (readonly [Dictionary<number>, readonly (readonly [string, number])[]])[] = []
      for (const [kind, key, value] of all) {
        if (kind === 'set') map.set(key, value)
        else map.delete(key)
        dictionary = kind === 'set' ? dictionary.set(key, value) : dictionary.delete(key)
        versions.push([dictionary, [...map]])
      }
      for (const [version, entries] of versions) {
        expect(version.size).toBe(entries.length)
        expect(new Map(version)).toEqual(new Map(entries))
        for (const [key, value] of entries) expect(version.get(key)).toBe(value)
      }
    }),
    { numRuns: 50 },
  )
})

test('equal contents make equal dictionaries, order and shape included, whatever their histories', () => {
  const many = fc.uniqueArray(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(many, fc.array(fc.nat()), fc.nat(), (names, picks, kept) => {
      const kept_count = kept % names.length
      const content = names.slice(0, kept_count).map((name) => [name, name.length] as const)
      const shuffled = names.map((name, at) => [picks[at] ?? 0, name] as const).sort(([a], [b]) => a - b)
      const grown = Dictionary.from(shuffled.map(([, name]) => [name, name.length]))
      const shrunk = names.slice(kept_count).reduce((all, name) => all.delete(name), grown)
      expect(shrunk).toEqual(Dictionary.from(content))
      expect(shrunk.toJSON()).toEqual(Dictionary.from(content).toJSON())
    }),
  )
})
