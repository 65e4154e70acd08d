import { IsInt, IsString } from 'class-validator'
import { aggregate, aggregateNames, command, domain, install, processManager, recorded, SENDINGS_MAX } from './index.js'

type OrderEvent =
  { type: 'Placed'; data: { readonly item: string; readonly amount: number } } | { type: 'Cancelled'; data: object }
type StockEvent =
  { type: 'Reserved'; data: { readonly amount: number } } | { type: 'Lacking'; data: { reason: string } }

const order = aggregate<OrderEvent>()('order', {
  version: 1,
  initial: {},
  evolve: { Placed: (state) => state, Cancelled: (state) => state },
})
const stock = aggregate<StockEvent>()('stock', {
  version: 1,
  initial: {},
  evolve: { Reserved: (state) => state, Lacking: (state) => state },
})
class Reserve {
  @IsInt() readonly amount!: number
}
class Lack {
  @IsString() readonly reason!: string
}
const reserve = command(stock, 'reserve', {
  body: Reserve,
  rejections: { 'out-of-stock': 422 },
  decide: (_, { amount }, { event }) => [event('Reserved', { amount })],
})
const lack = command(stock, 'lack', {
  body: Lack,
  rejections: {},
  decide: (_, { reason }, { event }) => [event('Lacking', { reason })],
})
class Cancel {}
const cancel = command(order, 'cancel', {
  body: Cancel,
  rejections: {},
  decide: (_, __, { event }) => [event('Cancelled', {})],
})
const reservations = processManager('reservations', {
  of: order,
  sends: [reserve, lack],
  on: {
    Placed: ({ data: { item, amount } }, { send }) =>
      send(reserve, {
        target: item,
        body: { amount },
        onRejected: { command: lack, body: ({ code, detail }) => ({ reason: `${code}: ${detail}` }) },
      }),
  },
})
const placed = (item: string, amount = 1) =>
  recorded<OrderEvent>({ type: 'Placed', data: { item, amount } }, { aggregate: 'order' })

describe('a process manager', () => {
  test('turns an event into commands, with what to do instead', () => {
    const [sending, ...more] = reservations.react(placed('pen', 3))
    expect(more).toEqual([])
    expect(sending).toMatchObject({ command: reserve, target: 'pen', body: { amount: 3 } })
    expect(sending?.onRejected?.command).toBe(lack)
    const rejection = { kind: 'rejection', code: 'out-of-stock', detail: 'none left' } as const
    expect(sending?.onRejected?.body(rejection)).toEqual({ reason: 'out-of-stock: none left' })
  })

  test('reacts to its types of its aggregate only', () => {
    expect(reservations.types).toEqual(['Placed'])
    expect(reservations.react(recorded<OrderEvent>({ type: 'Cancelled', data: {} }, { aggregate: 'order' }))).toEqual(
      [],
    )
    expect(reservations.react({ ...placed('pen'), aggregate: 'stock' })).toEqual([])
  })

  test('begins at the beginning, unless it says otherwise', () => {
    expect(reservations.start).toBe('beginning')
    const late = processManager('late', { of: order, start: 'head', sends: [], on: { Cancelled: () => [] } })
    expect(late.start).toBe('head')
  })

  test.each(['', 'a b', 'a/b', '-a', 'Ä', 'x'.repeat(65)])('sends nothing to %j, which is no id', (item) => {
    expect(() => reservations.react(placed(item))).toThrow('it must be 1-64 of')
  })

  test('may not send what it does not declare, nor something of another aggregate instead', () => {
    const reacting = (sends: readonly (typeof reserve | typeof cancel)[], instead?: typeof cancel) =>
      processManager('faulty', {
        of: order,
        sends,
        on: {
          Placed: (_, { send }) => {
            const onRejected = instead && { command: instead as never, body: () => ({}) as never }
            return send(reserve, { target: 'pen', body: { amount: 1 }, ...(onRejected ? { onRejected } : {}) })
          },
        },
      })
    expect(() => reacting([cancel]).react(placed('pen'))).toThrow('does not declare command "reserve"')
    expect(() => reacting([reserve], cancel).react(placed('pen'))).toThrow('does not declare command "cancel"')
    expect(() => reacting([reserve, cancel], cancel).react(placed('pen'))).toThrow('are not of one aggregate')
  })

  test('sends a bounded number of commands for one event', () => {
    const many = processManager('many', {
      of: order,
      sends: [reserve],
      on: {
        Placed: ({ data: { amount } }, { send }) =>
          Array.from({ length: amount }, () => send(reserve, { target: 'pen', body: { amount: 1 } })),
      },
    })
    expect(many.react(placed('pen', SENDINGS_MAX))).toHaveLength(SENDINGS_MAX)
    expect(() => many.react(placed('pen', SENDINGS_MAX + 1))).toThrow('commands at once')
  })

  test.each(['', 'Transfers', '1st', 'a b', 'x'.repeat(32)])('may not be named %j', (name) => {
    expect(() => processManager(name, { of: order, sends: [], on: { Placed: () => [] } })).toThrow(RangeError)
  })

  test('that reacts to nothing is none', () => {
    expect(() => processManager('idle', { of: order, sends: [], on: {} })).toThrow('reacts to nothing')
  })
})

describe('installed', () => {
  const orders = domain('orders', { commands: [cancel], processManagers: [reservations] })
  const stocks = domain('stocks', { commands: [reserve], internal: [lack] })

  test('a process manager finds the commands that it sends, internal ones too', () => {
    expect(install([orders, stocks])).toEqual([orders, stocks])
  })

  test('a process is not given domains of which nobody has checked that they go together', () => {
    expect(aggregateNames(install([orders, stocks]))).toEqual(['order', 'stock'])
    // @ts-expect-error a list of domains is not yet an installation
    expect(aggregateNames([orders, stocks])).toEqual(['order', 'stock'])
  })

  test('without a command that it sends, it fails at boot', () => {
    expect(() => install([orders])).toThrow('"reservations" sends "reserve", a command of no installed domain')
    const part = domain('stocks', { commands: [reserve] })
    expect(() => install([orders, part])).toThrow('"reservations" sends "lack"')
  })

  test('without the aggregate that it follows, it fails at boot', () => {
    const alone = domain('alone', { commands: [], processManagers: [reservations] })
    expect(() => install([alone, stocks])).toThrow(
      '"reservations" follows "order", an aggregate of no installed domain',
    )
  })

  test('twice, it fails at boot', () => {
    const again = domain('again', { commands: [], processManagers: [reservations] })
    expect(() => install([orders, stocks, again])).toThrow('process manager "reservations" is declared twice')
  })

  test('a command is public or internal, not both', () => {
    expect(() => domain('stocks', { commands: [reserve], internal: [reserve] })).toThrow('"reserve" is declared twice')
  })

  test('a command without a route of its own has one of its name', () => {
    expect(reserve.route).toBe('POST /stocks/{stock}/reserve')
  })
})

test('what cannot work does not compile', () => {
  const { react } = reservations
  expect(react(placed('pen'))).toHaveLength(1)
  // @ts-expect-error an event that does not exist
  processManager('a', { of: order, sends: [], on: { Lost: () => [] } })
  processManager('b', {
    of: order,
    sends: [reserve, lack, cancel],
    on: {
      // @ts-expect-error data that the event does not have
      Cancelled: ({ data }: { readonly data: { readonly item: string } }, { send }) =>
        send(reserve, { target: data.item, body: { amount: 1 } }),
      Placed: ({ data }, { send }) => [
        // @ts-expect-error a body of the wrong shape
        send(reserve, { target: data.item, body: { amount: 'many' } }),
        send(reserve, {
          target: data.item,
          body: { amount: 1 },
          // @ts-expect-error a body of the wrong shape for what is sent instead
          onRejected: { command: lack, body: () => ({ reason: 1 }) },
        }),
        send(reserve, {
          target: data.item,
          body: { amount: 1 },
          // @ts-expect-error another aggregate's command instead
          onRejected: { command: cancel, body: () => ({}) },
        }),
        send(reserve, {
          target: data.item,
          body: { amount: 1 },
          // @ts-expect-error a rejection that the command does not declare
          onRejected: { command: lack, body: ({ code }) => ({ reason: code satisfies 'nonsense' }) },
        }),
      ],
    },
  })
  processManager('c', {
    of: order,
    sends: [reserve],
    // @ts-expect-error a command that it does not declare
    on: { Placed: ({ data }, { send }) => send(lack, { target: data.item, body: { reason: '' } }) },
  })
})
