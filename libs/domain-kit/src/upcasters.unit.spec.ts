import { aggregate, EventVersionError, recorded, type RecordedEvent, unchanged, upcast } from './index.js'

interface Entered1 {
  readonly plate: string
}
interface Entered2 extends Entered1 {
  readonly ticket: string
}
interface Entered3 {
  readonly car: { readonly plate: string; readonly country: string }
  readonly ticket: string
}
type LotEvent =
  | { type: 'LotOpened'; data: { readonly capacity: number } }
  | { type: 'CarEntered'; data: Entered3 }
  | { type: 'CarTowed'; data: { readonly plate: string } }

const entered = {
  1: ({ plate }: Entered1, { revision }: { revision: bigint }): Entered2 => ({ plate, ticket: `none-${revision}` }),
  2: ({ plate, ticket }: Entered2): Entered3 => ({ car: { plate, country: '?' }, ticket }),
}
const initial = { capacity: 0, plates: [] as readonly string[] }
const evolve = {
  LotOpened: (state: typeof initial, { capacity }: { readonly capacity: number }) => ({ ...state, capacity }),
  CarEntered: (state: typeof initial, { car }: Entered3) => ({ ...state, plates: [...state.plates, car.plate] }),
  CarTowed: (state: typeof initial, { plate }: { readonly plate: string }) => ({
    ...state,
    plates: state.plates.filter((each) => each !== plate),
  }),
}
const lot = aggregate<LotEvent>()('lot', {
  version: 3,
  initial,
  evolve,
  upcasters: { LotOpened: { 1: unchanged, 2: unchanged }, CarEntered: entered, CarTowed: { since: 2, 2: unchanged } },
})

const stored = (type: string, version: number, data: object): RecordedEvent => ({
  ...recorded({ type, data }, { aggregate: 'lot', aggregateId: 'north', position: 12n, revision: 4n }),
  version,
})

describe('an event of an earlier version', () => {
  test('is brought to today’s, step after step, whatever version it begins with', () => {
    const today = { car: { plate: 'AB-1', country: '?' }, ticket: 'none-4' }
    expect(upcast(lot, stored('CarEntered', 1, { plate: 'AB-1' }))).toMatchObject({ version: 3, data: today })
    const second = upcast(lot, stored('CarEntered', 2, { plate: 'AB-1', ticket: 't' }))
    expect(second).toMatchObject({ version: 3, data: { ...today, ticket: 't' }, position: 12n, type: 'CarEntered' })
  })

  test('that did not change is the same in all but its version', () => {
    const before = stored('LotOpened', 1, { capacity: 5 })
    expect(upcast(lot, before)).toEqual({ ...before, version: 3 })
  })

  test('is not touched in the log: what was read stays as it was', () => {
    const before = Object.freeze(stored('CarEntered', 1, Object.freeze({ plate: 'AB-1' })))
    upcast(lot, before)
    expect(before).toEqual(stored('CarEntered', 1, { plate: 'AB-1' }))
  })

  test('of today’s version is handed on as it is', () => {
    const today = stored('CarTowed', 3, { plate: 'AB-1' })
    expect(upcast(lot, today)).toBe(today)
  })
})

describe('an event that this code cannot read', () => {
  test('stops with its place and both versions, rather than being folded wrongly', () => {
    const newer = stored('CarEntered', 4, { anything: true })
    expect(() => upcast(lot, newer)).toThrow(EventVersionError)
    expect(() => upcast(lot, newer)).toThrow(
      '"CarEntered" at position 12 (lot-north, revision 4) has schema version 4, this code reads 1 to 3: it was written by newer code',
    )
    // Of a type that this code does not know at all.
    expect(() => upcast(lot, stored('CarSold', 4, {}))).toThrow(EventVersionError)
  })

  test('may be older than the type says it is', () => {
    expect(() => upcast(lot, stored('CarTowed', 1, {}))).toThrow(
      'has schema version 1, this code reads 2 to 3: correct its "since"',
    )
  })
})

describe('a history', () => {
  const declare = (upcasters: object, version = 3) =>
    aggregate<LotEvent>()('lot', { version, initial, evolve, upcasters: upcasters as never })
  const { LotOpened, CarEntered, CarTowed } = lot.upcasters as Record<string, object>

  test.each([
    [{ LotOpened, CarEntered }, 'its event "CarTowed" has no step from version 1 to 2: add upcasters.CarTowed[1]'],
    [{ LotOpened, CarTowed, CarEntered: { 1: unchanged } }, '"CarEntered" has no step from version 2 to 3'],
    [{ LotOpened, CarTowed, CarEntered: { 2: unchanged } }, '"CarEntered" has no step from version 1 to 2'],
    [{ LotOpened, CarEntered, CarTowed: { since: 2 } }, '"CarTowed" has no step from version 2 to 3'],
    [{ LotOpened, CarEntered, CarTowed: { since: 4 } }, '"CarTowed" cannot exist since version 4'],
    [
      { LotOpened, CarEntered, CarTowed: { since: 3, 1: unchanged } },
      '"CarTowed" has a step from version 1, which leads nowhere',
    ],
    [
      { LotOpened, CarEntered, CarTowed: { since: 3, 3: unchanged } },
      '"CarTowed" has a step from version 3, which leads nowhere',
    ],
    [{ LotOpened, CarEntered, CarTowed, CarSold: { since: 3 } }, 'upcasters for "CarSold", which evolve does not know'],
  ])('that is not complete fails at boot: %#', (upcasters, reason) => {
    expect(() => declare(upcasters)).toThrow(reason)
  })

  test('is needed from version 2 on, for every type of event', () => {
    expect(() => aggregate<LotEvent>()('lot', { version: 2, initial, evolve })).toThrow(
      'aggregate "lot" is at version 2, but its event "LotOpened" has no step from version 1 to 2',
    )
    expect(() => aggregate<LotEvent>()('lot', { version: 1, initial, evolve })).not.toThrow()
  })
})

test('a history that cannot work does not compile', () => {
  const LotOpened = { 1: unchanged, 2: unchanged }
  const complete = { LotOpened, CarTowed: { since: 3 }, CarEntered: entered }
  const missing = { ...complete, CarEntered: { 2: entered[2] } }
  const wrong = { LotOpened: { 1: unchanged }, CarTowed: { since: 2 }, CarEntered: { 1: entered[1] } }
  const make = aggregate<LotEvent>()
  expect(make('lot', { version: 3, initial, evolve, upcasters: complete }).version).toBe(3)
  const failing = [
    // @ts-expect-error version 2 without upcasters
    () => make('lot', { version: 2, initial, evolve }),
    // @ts-expect-error version 1 has nothing to come from
    () => make('lot', { version: 1, initial, evolve, upcasters: complete }),
    // @ts-expect-error a type of event without a history
    () => make('lot', { version: 3, initial, evolve, upcasters: { LotOpened, CarEntered: entered } }),
    // @ts-expect-error a missing step
    () => make('lot', { version: 3, initial, evolve, upcasters: missing }),
    // @ts-expect-error a history of an event that does not exist
    () => make('lot', { version: 3, initial, evolve, upcasters: { ...complete, CarSold: { since: 3 } } }),
  ]
  for (const each of failing) expect(each).toThrow(RangeError)
  // @ts-expect-error a last step that does not lead to today's data: only the compiler can see that
  expect(make('lot', { version: 2, initial, evolve, upcasters: wrong }).version).toBe(2)
})
