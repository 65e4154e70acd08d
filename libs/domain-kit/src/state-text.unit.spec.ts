import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { aggregate, Dictionary, NotStorable, stateOf, stateText } from './index.js'

const written = (state: unknown): string => [...stateText(state)].join('')
const again = (state: unknown): unknown => stateOf(written(state))

const keys = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('$', '$$', '$dictionary', '$undefined', '__proto__', 'constructor', 'toJSON'),
)
const leaves = fc.oneof(
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(null, undefined, -0),
)
const { state: states } = fc.letrec<{ state: unknown }>((tie) => ({
  state: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaves,
    fc.array(tie('state'), { maxLength: 4 }),
    fc.dictionary(keys, tie('state'), { maxKeys: 5, noNullPrototype: false }),
    fc.array(fc.tuple(keys, tie('state')), { maxLength: 30 }).map((entries) => Dictionary.from(entries)),
  ),
}))

test('any state comes back as it was: in values, in what is missing, and in the order of its dictionaries', () => {
  fc.assert(
    fc.property(states, (state) => expect(isDeepStrictEqual(again(state), state)).toBe(true)),
    { numRuns: 500 },
  )
})

test('what is written is JSON, the same for equal states', () => {
  fc.assert(
    fc.property(states, (state) => {
      expect(() => JSON.parse(written(state)) as unknown).not.toThrow()
      expect(written(again(state))).toBe(written(state))
    }),
  )
})

test('a large state is written in many pieces', () => {
  const many = Dictionary.from(Array.from({ length: 1_000 }, (_, at) => [`account:${at}`, { open: true }] as const))
  expect([...stateText({ many })].length).toBeGreaterThan(1_000)
})

const circle: { self?: unknown } = {}
circle.self = circle
class Car {
  readonly plate = 'AB-1'
}
test.each([
  [{ at: new Date() }, 'state.at is a Date, which cannot be written down'],
  [{ cars: Dictionary.from([['a"b', { car: new Car() }]]) }, 'state.cars["a\\"b"].car is a Car'],
  [[new Map()], 'state[0] is a Map'],
  [{ next: () => 1 }, 'state.next is a function'],
  [{ [Symbol('hidden')]: 1 }, 'state is an object with symbols for keys'],
  [circle, 'nested deeper than 200, or in itself'],
])('what would come back as something else is refused by its path: %#', (state, reason) => {
  expect(() => written(state)).toThrow(NotStorable)
  expect(() => written(state)).toThrow(reason)
})

test.each([
  '',
  '{',
  '{"$nonsense":1}',
  '{"$dictionary":["a"]}',
  '{"$dictionary":[1,2]}',
  '{"$bigint":"x"}',
  '{"a":1,"$undefined":0}',
])('what was never written is not read: %s', (text) => {
  expect(() => stateOf(text)).toThrow()
})

describe('an aggregate whose state cannot be written down', () => {
  type Ticked = { type: 'Ticked'; data: { readonly at: string } }
  const evolve = { Ticked: (_: unknown, { at }: Ticked['data']) => new Date(at) }
  const initial = new Date(0)

  test('fails at boot, and says where and what to do', () => {
    // @ts-expect-error a Date has methods: it would come back as text
    expect(() => aggregate<Ticked>()('clock', { version: 1, initial, evolve })).toThrow(
      'aggregate "clock": state is a Date, which cannot be written down; give the aggregate a snapshot codec, or say snapshot: "never"',
    )
    const deep = { last: Dictionary.empty<Date>() }
    const folds = { Ticked: (state: typeof deep) => state }
    // @ts-expect-error also deep inside, where only the compiler can see it at boot
    expect(aggregate<Ticked>()('clock', { version: 1, initial: deep, evolve: folds }).name).toBe('clock')
  })

  test('has a codec, or no snapshots', () => {
    const snapshot = { encode: (date: Date) => date.getTime(), decode: (time: unknown) => new Date(time as number) }
    expect(aggregate<Ticked>()('clock', { version: 1, initial, evolve, snapshot }).snapshot).toBe(snapshot)
    expect(aggregate<Ticked>()('clock', { version: 1, initial, evolve, snapshot: 'never' }).snapshot).toBe('never')
  })
})
