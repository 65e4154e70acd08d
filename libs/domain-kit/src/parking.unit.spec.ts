import { IsInt, Length, Matches } from 'class-validator'
import {
  aggregate,
  command,
  document,
  domain,
  given,
  initialRow,
  integer,
  list,
  projection,
  recorded,
  text,
} from './index.js'

type LotEvent =
  | { type: 'LotOpened'; data: { capacity: number } }
  | { type: 'CarEntered'; data: { plate: string; ticket: string } }
  | { type: 'CarLeft'; data: { plate: string } }

const nobody: Readonly<Record<string, boolean>> = {}

const lot = aggregate<LotEvent>()('lot', {
  version: 1,
  initial: { capacity: 0, inside: nobody },
  evolve: {
    LotOpened: (state, { capacity }) => ({ ...state, capacity }),
    CarEntered: (state, { plate }) => ({ ...state, inside: { ...state.inside, [plate]: true } }),
    CarLeft: (state, { plate }) => ({ ...state, inside: { ...state.inside, [plate]: false } }),
  },
})

class Open {
  @IsInt() readonly capacity!: number
}
class Numbered {
  @IsInt() readonly lot!: number
}
class Enter {
  @Matches(/^[A-Z0-9-]{2,10}$/) readonly plate!: string
  @Length(1, 64) readonly ticket!: string
}

const open = command(lot, 'open', {
  body: Open,
  route: 'POST /lots/{lot}',
  rejections: { 'lot-exists': 409 },
  decide: (_, { capacity }, { event, exists, reject }) =>
    exists ? reject('lot-exists', 'this lot is open already') : [event('LotOpened', { capacity })],
})

const enter = command(lot, 'enter', {
  body: Enter,
  route: 'POST /lots/{lot}/entries',
  rejections: { 'lot-full': 422, 'already-inside': 422, 'ticket-used': 409 },
  claims: ({ ticket }) => [{ name: `ticket/${ticket}`, taken: 'ticket-used' }],
  decide: (state, { plate, ticket }, { event, reject }) => {
    if (state.inside[plate]) return reject('already-inside', `${plate} is in this lot already`)
    if (Object.values(state.inside).filter(Boolean).length >= state.capacity)
      return reject('lot-full', `all ${state.capacity} places are taken`)
    return [event('CarEntered', { plate, ticket })]
  },
})

const occupancy = projection('occupancy', {
  version: 1,
  of: lot,
  table: { lot: text().key(), cars: integer(), capacity: integer() },
  key: (event) => ({ lot: event.aggregateId }),
  fold: {
    LotOpened: (row, { capacity }) => ({ ...row, cars: 0, capacity }),
    CarEntered: (row) => ({ ...row, cars: row.cars + 1 }),
    CarLeft: (row) => ({ ...row, cars: row.cars - 1 }),
  },
})
const occupancyOfLot = document(occupancy, 'GET /lots/{lot}/occupancy', {
  answer: ({ cars, capacity }) => ({ cars, free: capacity - cars }),
})
const lots = list(occupancy, 'GET /lots')

const opened = (capacity: number): LotEvent => ({ type: 'LotOpened', data: { capacity } })
const entered = (plate: string): LotEvent => ({ type: 'CarEntered', data: { plate, ticket: plate } })

test('a full lot takes no more cars', () =>
  given(lot, opened(1), entered('AB-1')).when(enter, { plate: 'CD-2', ticket: 't2' }).thenRejected('lot-full'))

test('a car enters a lot with room', () => {
  given(lot, opened(1))
    .when(enter, { plate: 'CD-2', ticket: 't2' })
    .then({ type: 'CarEntered', data: { plate: 'CD-2', ticket: 't2' } })
})

test('a specification that does not hold fails', () => {
  const outcome = given(lot, opened(1)).when(enter, { plate: 'CD-2', ticket: 't2' })
  expect(() => outcome.thenRejected('lot-full')).toThrow('expected rejection "lot-full"')
  expect(() => {
    outcome.thenNothing()
  }).toThrow('expected no event')
})

test('a projection folds per key', () => {
  const event = recorded(entered('AB-1'), { aggregate: 'lot', aggregateId: 'north' })
  expect(occupancy.keys(event)).toEqual([{ lot: 'north' }])
  expect(occupancy.fold(undefined, event, { lot: 'north' })).toEqual({ lot: 'north', cars: 1, capacity: 0 })
  expect(initialRow(occupancy.columns, { lot: 'x' })).toEqual({ lot: 'x', cars: 0, capacity: 0 })
})

test('a domain is put together from commands and resources, and finds its projections', () => {
  const parking = domain('parking', { commands: [open, enter], resources: [occupancyOfLot, lots] })
  expect(parking.projections.map((each) => each.name)).toEqual(['occupancy'])
  expect(parking.prefix).toBe('/v1/parking')
})

test('a domain with the same command, route or report twice fails at boot', () => {
  expect(() => domain('parking', { commands: [open, open] })).toThrow('command "open" is declared twice')
  expect(() => domain('parking', { commands: [open], resources: [occupancyOfLot, occupancyOfLot] })).toThrow('route')
})

test('what cannot work does not compile', () => {
  type Dated = { type: 'LotOpened'; data: { capacity: number; at: Date } } | { type: 'LotClosed'; data: object }
  // @ts-expect-error event data that the log would hold as something else
  aggregate<Dated>()('lot', { version: 1, initial: 0, evolve: { LotOpened: (count) => count, LotClosed: () => 0 } })
  const { LotOpened, CarEntered } = lot.evolve
  // @ts-expect-error a missing evolve
  aggregate<LotEvent>()('lot', { version: 1, initial: lot.initial, evolve: { LotOpened, CarEntered } })
  // @ts-expect-error a route parameter without a source
  command(lot, 'x', { body: Enter, route: 'POST /lots/{lot}/at/{nowhere}', rejections: {}, decide: () => [] })
  // @ts-expect-error a route parameter for a field that is no text
  command(lot, 'x', { body: Open, route: 'POST /lots/{lot}/of/{capacity}', rejections: {}, decide: () => [] })
  // @ts-expect-error a target that is no text
  command(lot, 'x', { body: Numbered, route: 'POST /lots', rejections: {}, decide: () => [] })
  command(lot, 'x', {
    body: Enter,
    route: 'POST /lots/{lot}',
    rejections: { a: 422 },
    // @ts-expect-error a rejection outside the catalogue
    decide: (_, __, { reject }) => reject('b', ''),
  })
  command(lot, 'x', {
    body: Enter,
    route: 'POST /lots/{lot}',
    rejections: {},
    // @ts-expect-error wrong event data
    decide: (_, __, { event }) => [event('LotOpened', { capacity: 'many' })],
  })
  projection('p', {
    version: 1,
    of: lot,
    table: { lot: text().key() },
    key: (event) => ({ lot: event.aggregateId }),
    // @ts-expect-error a wrong column
    fold: { LotOpened: (row) => ({ ...row, lot: 1 }) },
  })
  // @ts-expect-error a resource parameter that is no column
  document(occupancy, 'GET /lots/{place}')
  // @ts-expect-error a test for an impossible rejection
  expect(() => given(lot).when(enter, { plate: 'AB', ticket: 't' }).thenRejected('nonsense')).toThrow()
})
