import {
  aggregate,
  batchProjection,
  boolean,
  collection,
  contains,
  document,
  domain,
  exact,
  type Filter,
  filterFault,
  from,
  integer,
  json,
  latest,
  list,
  numeric,
  prefix,
  projection,
  recorded,
  some,
  text,
  timeline,
  to,
} from './index.js'

type TapEvent = { type: 'Poured'; data: { readonly litres: number } } | { type: 'Closed'; data: object }
const tap = aggregate<TapEvent>()('tap', {
  version: 1,
  initial: {},
  evolve: { Poured: () => ({}), Closed: () => ({}) },
})
const columns = {
  tap: text().key(),
  day: text(),
  note: text().nullable(),
  litres: integer(),
  price: numeric(),
  cups: json<readonly { readonly size: string }[]>([]),
  is_hot: boolean(),
}
const pours = projection<TapEvent, typeof columns>('pours', {
  ...{ version: 1, of: tap, table: columns, key: (event) => ({ tap: event.aggregateId }), fold: {} },
})
const times = timeline(tap)
const lines = batchProjection('levels', {
  ...{ version: 1, of: tap, types: ['Poured'] as const, handle: async () => {} },
  tables: { lines: columns, totals: { tap: text().key(), day: text().key() } },
})

describe('a filter', () => {
  test('stands for a condition on a column', () => {
    expect(exact('note')).toEqual({ rule: 'exact', column: 'note', kind: 'text', value: 'text' })
    expect(exact('litres', 'integer')).toMatchObject({ kind: 'integer', value: 'integer' })
    expect(to('day', 'day')).toMatchObject({ rule: 'to', kind: 'text', value: 'day' })
    expect(some('cups', 'size')).toMatchObject({ rule: 'some', kind: 'list', field: 'size' })
  })

  test.each<[Filter, string, boolean]>([
    [exact('note'), '', true],
    [contains('note'), 'a', true],
    [contains('note'), '', false],
    [prefix('note'), 'x'.repeat(200), true],
    [prefix('note'), 'x'.repeat(201), false],
    [from('day', 'day'), '2024-02-29', true],
    [from('day', 'day'), '2023-02-29', false],
    [from('day', 'day'), '2023-2-1', false],
    [from('day', 'day'), '2023-01-01T00:00', false],
    [exact('litres', 'integer'), '-12', true],
    [exact('litres', 'integer'), '1.5', false],
    [exact('litres', 'integer'), '1'.repeat(19), false],
    [exact('is_hot', 'flag'), 'true', true],
    [exact('is_hot', 'flag'), 'yes', false],
  ])('%j takes %j: %s', (filter, value, isFine) => {
    expect(filterFault(filter, value) === undefined).toBe(isFine)
  })
})

describe('a list', () => {
  test('has no filters and no order but the log\u2019s when nothing else is said, and the fields of its items', () => {
    const plain = list(pours, 'GET /taps/{tap}/pours', { item: (row) => ({ day: row.day, litres: row.litres }) })
    expect(plain).toMatchObject({ filters: {}, sort: [], history: undefined, fields: ['day', 'litres'] })
    expect(list(pours, 'GET /pours').fields).toEqual(Object.keys(columns))
  })

  test('takes filters and orders that its columns can have', () => {
    const filters = {
      ...{ from: from('day', 'day'), note: contains('note'), litres: exact('litres', 'integer') },
      ...{ hot: exact('is_hot', 'flag'), size: some('cups', 'size') },
    }
    expect(list(pours, 'GET /pours', { filters, sort: ['day', 'litres'] })).toMatchObject({ filters })
  })

  test('with a wrong column does not compile, and fails at boot where it does', () => {
    const declare = (options: object) => () => list(pours, 'GET /pours', options)
    // @ts-expect-error there is no such column
    expect(() => list(pours, 'GET /pours', { filters: { x: exact('nothing') } })).toThrow('"nothing"')
    // @ts-expect-error a number holds no text
    expect(() => list(pours, 'GET /pours', { filters: { x: contains('litres') } })).toThrow('needs a column of another')
    // @ts-expect-error what may be null has no place in an order
    expect(() => list(pours, 'GET /pours', { sort: ['note'] })).toThrow('"note" has no order, or may be null')
    expect(declare({ filters: { price: exact('price') } })).toThrow('filter "price" needs a column of another type')
    for (const name of ['limit', 'cursor', 'sort', 'at', 'a b', ''])
      expect(declare({ filters: { [name]: exact('day') } })).toThrow(`a filter may not be called "${name}"`)
  })
})

describe('a timeline', () => {
  test('has a row for each instance and time, whatever happened', () => {
    expect(times).toMatchObject({ name: 'tap_times', types: ['Poured', 'Closed'] })
    const event = recorded<TapEvent>(
      { type: 'Closed', data: {} },
      { aggregate: 'tap', aggregateId: 'left', time: '2026-01-01T00:00:00.000Z' },
    )
    const expected = { id: 'left', time: '2026-01-01T00:00:00.000Z' }
    expect(times.keys(event)).toEqual([expected])
    expect(times.fold(undefined, event, expected)).toEqual(expected)
  })
})

describe('a history', () => {
  const answer = (): object => ({})
  const history = latest(lines, { timeline: times, series: 'totals', lines: 'lines', answer })

  test('names its series by their key, and brings its projections with it', () => {
    expect(history).toMatchObject({ by: ['tap', 'day'], series: 'totals', lines: 'lines' })
    const of = document(pours, 'GET /taps/{tap}', { history })
    const found = domain('taps', { commands: [], resources: [of] })
    expect(found.projections.map(({ name }) => name)).toEqual(['pours', 'tap_times', 'levels'])
  })

  test('whose lines lack a key column of the series does not compile', () => {
    const other = batchProjection('other', {
      ...{ version: 1, of: tap, types: ['Poured'] as const, handle: async () => {} },
      tables: { lines: { tap: text().key() }, totals: { hour: text().key() } },
    })
    // @ts-expect-error lines have no hour
    expect(latest(other, { timeline: times, series: 'totals', lines: 'lines', answer }).by).toEqual(['hour'])
  })

  test('fails at boot where the path does not name what it is found by', () => {
    const all = collection(pours, 'GET /pours', { answer: () => ({}), history })
    expect(() => domain('taps', { commands: [], resources: [all] })).toThrow(
      'domain "taps": "GET /pours" has a history and must have the parameter {tap}',
    )
    const hot = collection(pours, 'GET /taps/{tap}/{litres}', { answer: () => ({}), history })
    expect(() => domain('taps', { commands: [], resources: [hot] })).toThrow(
      'the history of "GET /taps/{tap}/{litres}" has no key column "litres"',
    )
  })

  test('cannot be had where a row says whom it covers', () => {
    const covers = (): { aggregate: string; id: string } => ({ aggregate: 'tap', id: 'left' })
    expect(() => document(pours, 'GET /taps/{tap}', { history, covers })).toThrow('cannot have covers and a history')
  })
})
