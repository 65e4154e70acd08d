import { IsString } from 'class-validator'
import {
  aggregate,
  batchProjection,
  bigint,
  boolean,
  collection,
  type Column,
  command,
  decideContext,
  document,
  domain,
  evolve,
  initialRow,
  integer,
  isRejection,
  json,
  list,
  numeric,
  parseStream,
  projection,
  type ProjectionTransaction,
  recorded,
  report,
  streamOf,
  text,
} from './index.js'

type LampEvent = { type: 'Lit'; data: { readonly by: string } } | { type: 'Dimmed'; data: object }

const lamp = aggregate<LampEvent>()('lamp', {
  version: 1,
  initial: { lit: false },
  evolve: { Lit: () => ({ lit: true }), Dimmed: () => ({ lit: false }) },
})
class Light {
  @IsString() readonly by!: string
}
const light = command(lamp, 'light', {
  body: Light,
  route: 'POST /lamps/{lamp}',
  rejections: { 'lit-already': 409 },
  decide: (state, { by }, { event, reject }) =>
    state.lit ? reject('lit-already', 'it is lit') : [event('Lit', { by })],
})
const lamps = projection('lamps', {
  version: 3,
  of: lamp,
  table: { lamp: text().key(), by: text(), changes: integer() },
  key: (event) => ({ lamp: event.aggregateId }),
  fold: {
    Lit: (row, { by }) => ({ ...row, by, changes: row.changes + 1 }),
    Dimmed: (row) => (row.changes > 1 ? null : row),
  },
})
const lampOf = document(lamps, 'GET /lamps/{lamp}')
const lit = recorded<LampEvent>({ type: 'Lit', data: { by: 'ann' } }, { aggregate: 'lamp', aggregateId: 'hall' })

describe('an aggregate', () => {
  const named = (name: string, version = 1) =>
    aggregate<LampEvent>()(name, { version, initial: lamp.initial, evolve: lamp.evolve })

  test.each(['', 'Lamp', '1lamp', 'lamp-post', 'lämp', 'x'.repeat(32), 'lamp\n'])('may not be named %j', (name) => {
    expect(() => named(name)).toThrow(`aggregate "${name}": a name is 1-31 of [a-z0-9_], first a letter`)
  })

  test.each([0, -1, 1.5, NaN])('may not have version %d', (version) => {
    expect(() => named('lamp', version)).toThrow('version must be an integer of at least 1')
  })

  test('folds what it knows and nothing else, whatever the type is called', () => {
    expect(evolve(lamp, lamp.initial, lit)).toEqual({ lit: true })
    for (const type of ['Broken', 'constructor', 'toString', '__proto__'])
      expect(() => evolve(lamp, lamp.initial, { type, data: {} })).toThrow(`no evolve for event type "${type}"`)
  })

  test('has one stream an instance, and the first hyphen separates', () => {
    expect(streamOf('lamp', 'hall-2-b')).toBe('lamp-hall-2-b')
    expect(parseStream('lamp-hall-2-b')).toEqual({ aggregate: 'lamp', aggregateId: 'hall-2-b' })
    for (const stream of ['lamp', '', '-hall']) expect(() => parseStream(stream)).toThrow(RangeError)
  })
})

describe('a command', () => {
  test('answers 201, claims nothing and is summed up by its name when nothing else is said', () => {
    expect(light).toMatchObject({
      kind: 'command',
      status: 201,
      summary: 'light',
      lookups: undefined,
      location: undefined,
    })
    expect(light.claims({ by: 'ann' })).toEqual([])
  })

  test('decides on plain data: events or a rejection', () => {
    const context = decideContext({ target: 'hall', now: '2026-01-01T00:00:00.000Z', exists: true, found: {} })
    expect(isRejection([context.event('Lit', { by: 'ann' })])).toBe(false)
    expect(isRejection([])).toBe(false)
    const refusal = context.reject('lit-already', 'it is lit')
    expect(refusal).toEqual({ kind: 'rejection', code: 'lit-already', detail: 'it is lit' })
    expect(isRejection(refusal)).toBe(true)
    const errors = [{ field: 'by', rule: 'known', message: 'by is unknown' }]
    expect(context.reject('lit-already', 'it is lit', errors)).toEqual({ ...refusal, errors })
  })
})

describe('a column', () => {
  test('has a value before any event, null when it may be null', () => {
    const columns = {
      ...{ key: text().key(), text: text(), integer: integer(), bigint: bigint(), numeric: numeric() },
      ...{ boolean: boolean(), json: json<readonly string[]>(['x']), none: bigint().nullable() },
    }
    expect(initialRow(columns, { key: 'k' })).toEqual({
      ...{ key: 'k', text: '', integer: 0, bigint: 0n, numeric: '0', boolean: false, json: ['x'], none: null },
    })
  })
})

describe('a projection', () => {
  const declare =
    (name: string, table: object, version = 1) =>
    () =>
      projection<LampEvent, { lamp: ReturnType<ReturnType<typeof text>['key']> }>(name, {
        version,
        of: lamp,
        table: table as never,
        key: (event) => ({ lamp: event.aggregateId }),
        fold: {},
      })
  const key = { lamp: text().key() }

  test.each(['', 'Lamps', '1lamps', 'my-lamps', 'x'.repeat(42), 'a"b'])(
    'may not be named %j, nor a column of it',
    (name) => {
      expect(declare(name, key)).toThrow(`"${name}" must be 1-41 of [a-z0-9_], first a letter`)
      expect(declare('lamps', { ...key, [name]: text() })).toThrow(
        `"${name}" must be 1-41 of [a-z0-9_], first a letter`,
      )
    },
  )

  test('needs a version of at least 1 and a key', () => {
    for (const version of [0, 1.5, NaN]) expect(declare('lamps', key, version)).toThrow('version must be an integer')
    expect(declare('lamps', { lamp: text() })).toThrow('table "lamps" needs a key() column')
  })

  test('of batches keeps the same rules for each of its tables, and needs no key where rows are only inserted', () => {
    const declareBatch = (tables: object) => () =>
      batchProjection('totals', { version: 1, of: lamp, tables: tables as never, types: [], handle: async () => {} })
    expect(declareBatch({ 'no-name': key })).toThrow('"no-name" must be')
    expect(declareBatch({ lines: key, steps: { lamp: text() } })).not.toThrow()
  })

  test('of batches asks only tables that have a key for rows', () => {
    type Tables = { sums: { lamp: Column<string, true> }; steps: { lamp: Column<string, false> } }
    const handle = async (tx: ProjectionTransaction<Tables>): Promise<void> => {
      await tx.load('sums', [{ lamp: 'hall' }])
      // @ts-expect-error rows without a key are only inserted
      await tx.load('steps', [{}])
      // @ts-expect-error rows without a key are only inserted
      tx.upsert('steps', lit, [{ lamp: 'hall' }])
    }
    expect(handle).toHaveLength(1)
  })

  test('is not touched by an event that it does not fold', () => {
    const other = recorded({ type: 'Other', data: {} }, { aggregateId: 'hall' })
    expect(lamps.keys(other)).toEqual([])
    const row = { lamp: 'hall', by: 'ann', changes: 1 }
    expect(lamps.fold(row, other, { lamp: 'hall' })).toBe(row)
    for (const type of ['constructor', '__proto__']) expect(lamps.keys(recorded({ type, data: {} }))).toEqual([])
  })

  test('begins with initial values, and may delete its row', () => {
    const once = lamps.fold(undefined, lit, { lamp: 'hall' })
    expect(once).toEqual({ lamp: 'hall', by: 'ann', changes: 1 })
    const dimmed = recorded<LampEvent>({ type: 'Dimmed', data: {} })
    expect(lamps.fold({ lamp: 'hall', by: 'ann', changes: 2 }, dimmed, { lamp: 'hall' })).toBeNull()
  })
})

describe('a resource', () => {
  const place = { createdAt: 1n, changedAt: 2n }
  const row = { lamp: 'hall', by: 'ann', changes: 1 }

  test('answers the whole row when nothing else is said', () => {
    expect(lampOf.answer(row, place)).toBe(row)
    expect(list(lamps, 'GET /lamps').item(row, place)).toBe(row)
  })

  test('knows its table, its parameters and its name', () => {
    expect(lampOf).toMatchObject({ kind: 'document', name: 'lamps.document', table: 'lamps', params: ['lamp'] })
    expect(list(lamps, 'GET /lamps/by/{by}')).toMatchObject({ kind: 'list', name: 'lamps.list', params: ['by'] })
    const lines = batchProjection('log', {
      ...{ version: 1, of: lamp, types: ['Lit'] as const, handle: async () => {} },
      tables: { lines: { lamp: text().key() } },
    })
    expect(list(lines, 'GET /log/{lamp}', { table: 'lines' })).toMatchObject({ name: 'log.lines', table: 'lines' })
  })

  test('that is a collection narrows by nothing when nothing else is said', () => {
    const all = collection(lamps, 'GET /all', { answer: (rows) => ({ count: rows.length }) })
    expect(all).toMatchObject({ kind: 'collection', name: 'lamps.collection', query: undefined, within: undefined })
    expect(all.prefix({})).toEqual({})
    expect(all.answer([row, row], {})).toEqual({ count: 2 })
  })
})

describe('a domain', () => {
  const usage = report(lamps, 'usage', {
    ...{ params: Light, summary: '', target: () => ({ aggregate: 'lamp', id: 'hall' }), where: () => ({}) },
    ...{ compute: () => ({}), formats: {} },
  })

  test.each(['', 'Lamps', '1lamps', 'my_lamps', '-a', 'x'.repeat(32)])('may not be named %j', (name) => {
    expect(() => domain(name, { commands: [] })).toThrow(
      `domain "${name}": a name is 1-31 of [a-z0-9-], first a letter`,
    )
  })

  test('finds the projections of its resources and reports, each once', () => {
    const other = projection('other', {
      ...{ version: 1, of: lamp },
      table: { lamp: text().key() },
      key: () => [],
      fold: {},
    })
    const found = domain('light', { commands: [light], resources: [lampOf], reports: [usage], projections: [other] })
    expect(found.projections.map(({ name }) => name)).toEqual(['other', 'lamps'])
  })

  test('fails at boot when two routes differ in the names of their parameters only', () => {
    const same = document(lamps, 'GET /lamps/{lamp}')
    const again = list(lamps, 'GET /lamps/{by}')
    expect(() => domain('light', { commands: [], resources: [lampOf, same] })).toThrow('is declared twice')
    expect(() => domain('light', { commands: [], resources: [lampOf, again] })).toThrow(
      'domain "light" route "GET /v1/light/lamps/{}" is declared twice',
    )
  })

  test('fails at boot when a report is declared twice, or two projections share a name', () => {
    expect(() => domain('light', { commands: [], reports: [usage, usage] })).toThrow('report "usage" is declared twice')
    const impostor = projection('lamps', {
      ...{ version: 1, of: lamp },
      table: { lamp: text().key() },
      key: () => [],
      fold: {},
    })
    expect(() => domain('light', { commands: [], resources: [lampOf], projections: [impostor] })).toThrow(
      'projection "lamps" is declared twice',
    )
  })

  test('fails at boot when a rejection has two statuses, or a route cannot be read', () => {
    const other = { ...light, name: 'relight', route: 'POST /again/{lamp}' as const }
    expect(() => domain('light', { commands: [light, { ...other, rejections: { 'lit-already': 422 } }] })).toThrow(
      'domain "light": rejection "lit-already" is declared with two statuses',
    )
    expect(() => domain('light', { commands: [light, other] })).not.toThrow()
    expect(() => domain('light', { commands: [{ ...light, route: 'POST /lamps/{lamp' }] })).toThrow(RangeError)
  })
})
