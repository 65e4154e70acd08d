import { IsString } from 'class-validator'
import { aggregate, command, given, recorded, stored, unchanged } from './index.js'

type LampEvent =
  | { type: 'Lit'; data: { readonly by: string; readonly watts: number; readonly note?: string } }
  | { type: 'Dimmed'; data: { readonly undoes?: string } }

const lamp = aggregate<LampEvent>()('lamp', {
  version: 2,
  initial: { by: undefined as string | undefined, watts: 0 },
  evolve: { Lit: (_, { by, watts }) => ({ by, watts }), Dimmed: (state) => ({ ...state, by: undefined }) },
  upcasters: { Lit: { 1: ({ who }: { readonly who: string }) => ({ by: who, watts: 40 }) }, Dimmed: { 1: unchanged } },
})
class Person {
  @IsString() readonly by!: string
}
const light = command(lamp, 'light', {
  body: Person,
  route: 'POST /lamps/{lamp}',
  rejections: { lit: 409, unknown: 422 },
  decide: (state, { by }, { event, reject, now, target }) => {
    if (by === '') return reject('unknown', 'nobody', [{ field: 'by', rule: 'known', message: 'by is nobody' }])
    if (state.by !== undefined) return reject('lit', `${state.by} lit it with ${state.watts} W`)
    return [event('Lit', { watts: 60, by, note: `${target} at ${now}` })]
  },
})
const dim = command(lamp, 'dim', {
  body: Person,
  route: 'POST /lamps/{lamp}/dim',
  rejections: { stranger: 422 },
  lookups: ({ by }) => ({ lit: by }),
  decide: (state, { by }, { event, found, reject }) => {
    if (state.by === undefined) return []
    if (found.lit?.type !== 'Lit' || found.lit.data.by !== by) return reject('stranger', `${by} never lit it`)
    return [event('Dimmed', { undoes: found.lit.id })]
  },
})
const lit = (by: string): LampEvent => ({ type: 'Lit', data: { by, watts: 60 } })

describe('given', () => {
  test('takes events of earlier versions as the log holds them', () => {
    given(lamp, stored('Lit', 1, { who: 'ann' }))
      .when(light, { by: 'bob' })
      .thenRejected('lit', { detail: 'ann lit it with 40 W' })
    given(
      lamp,
      stored('Lit', 1, { who: 'ann' }),
      { type: 'Dimmed', data: {} },
      stored('Lit', 2, { by: 'bob', watts: 5 }),
    )
      .when(light, { by: 'carl' })
      .thenRejected('lit', { detail: /^bob .* 5 W$/ })
    expect(() => given(lamp, stored('Lit', 3, {}))).toThrow('has schema version 3, this code reads 1 to 2')
  })

  test('folds what the log would give back', () => {
    const meter = aggregate<{ type: 'Read'; data: object }>()('meter', {
      version: 1,
      initial: 0,
      evolve: { Read: (_, data) => (data as { at: Date }).at.getTime() },
    })
    const read = { type: 'Read', data: { at: new Date(0) } } as const
    expect(() => given(meter, read)).toThrow('getTime is not a function')
    expect(recorded(read).data).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  test('tells where its history leads', () => {
    expect(given(lamp).state).toEqual({ by: undefined, watts: 0 })
    expect(given(lamp, lit('ann'), { type: 'Dimmed', data: {} }).state).toEqual({ by: undefined, watts: 60 })
  })

  test('takes what lookups find, recorded or not', () => {
    given(lamp, lit('ann'))
      .when(dim, { by: 'ann' }, { found: { lit: recorded(lit('ann'), { position: 7n }) } })
      .then({ type: 'Dimmed', data: { undoes: 'event-7' } })
    given(lamp, lit('ann'))
      .when(dim, { by: 'ann' }, { found: { lit: lit('ann') } })
      .then({ type: 'Dimmed', data: { undoes: 'event-1' } })
    given(lamp, lit('ann'))
      .when(dim, { by: 'bob' }, { found: { lit: undefined } })
      .thenRejected('stranger')
    given(lamp).when(dim, { by: 'ann' }).thenNothing()
  })

  test('takes target and time', () => {
    const data = { note: 'hall at 2027', by: 'ann', watts: 60 }
    given(lamp).when(light, { by: 'ann' }, { target: 'hall', now: '2027' }).then({ type: 'Lit', data })
  })
})

describe('then', () => {
  const events = given(lamp).when(light, { by: 'ann' }, { target: 'a', now: 'b' })
  const refusal = given(lamp).when(light, { by: '' })

  test('compares content, not the order of keys', () => {
    events.then({ data: { note: 'a at b', watts: 60, by: 'ann' }, type: 'Lit' })
  })

  test('fails and shows both sides', () => {
    expect(() => events.then(lit('ann'))).toThrow(/expected events .*"watts":60.*\n but decided .*"note":"a at b"/)
    expect(() => events.then()).toThrow('expected events []')
    expect(() => events.thenNothing()).toThrow('expected no event')
    expect(() => refusal.then(lit('ann'))).toThrow('but decided {"code":"unknown"')
    expect(() => refusal.thenNothing()).toThrow('expected no event')
  })

  test('rejected holds code, detail and fields', () => {
    const errors = [{ field: 'by', rule: 'known' }]
    refusal.thenRejected('unknown', { detail: /nobody/, errors })
    expect(() => events.thenRejected('unknown')).toThrow('expected rejection "unknown"\n but decided [')
    expect(() => refusal.thenRejected('lit')).toThrow('expected rejection "lit"\n but it was "unknown": nobody')
    expect(() => refusal.thenRejected('unknown', { detail: 'no' })).toThrow('to say no\n but it says nobody')
    for (const wrong of [[], [{ field: 'to' }], [{ field: 'by', rule: 'other' }], [...errors, ...errors]])
      expect(() => refusal.thenRejected('unknown', { errors: wrong })).toThrow('but it names [{"field":"by"')
  })
})
