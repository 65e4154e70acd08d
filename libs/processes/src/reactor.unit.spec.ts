import { type RecordedEvent } from '#domain-kit'
import { createMemoryStore, type EventStore, StoreUnavailable } from '#event-store'
import {
  caughtUp,
  commandSender,
  eventually,
  MemoryCheckpoints,
  readLog,
  runReactor,
  type RunningReactor,
} from '#testing'
import { brokenShop, deliver, lateShop, place, shop } from './fixtures/shop.js'

let store: EventStore
let checkpoints: MemoryCheckpoints
let send: ReturnType<typeof commandSender>
let open: RunningReactor[]

beforeEach(() => {
  store = createMemoryStore()
  checkpoints = new MemoryCheckpoints()
  send = commandSender(store)
  open = []
})
afterEach(async () => {
  for (const each of open) await each.close()
})

function start(
  ...[domains = shop, more]: [Parameters<typeof runReactor>[1]?, Parameters<typeof runReactor>[3]?]
): RunningReactor {
  const reacting = runReactor(store, domains, checkpoints, more)
  open.push(reacting)
  return reacting
}

const order = (id: string, item = 'pen', amount = 1): Promise<bigint> => send(place, `order-${id}`, { item, amount })

async function typesOf(aggregate: string): Promise<string[]> {
  return (await readLog(store)).filter((each) => each.aggregate === aggregate).map(({ type }) => type)
}

describe('an event', () => {
  test('leads to its command, under its own metadata, and moves the checkpoint', async () => {
    await send(deliver, 'pen', { amount: 5 })
    const placed = await order('1')
    const reacting = start()
    await caughtUp(reacting, store)
    const events = await readLog(store)
    const [cause, effect] = [events[Number(placed) - 1], events.at(-1)]
    expect(effect).toMatchObject({ type: 'Reserved', data: { order: 'order-1', amount: 1 } })
    expect(effect?.metadata).toMatchObject({ causationId: cause?.id, actor: 'reservations' })
    await reacting.close()
    expect(checkpoints.positions).toEqual(
      new Map([
        ['reservations', 3n],
        ['cancellations', 3n],
      ]),
    )
  })

  test('that comes while it runs is taken up as well', async () => {
    const reacting = start()
    await send(deliver, 'pen', { amount: 5 })
    for (const id of ['1', '2', '3']) await order(id)
    await caughtUp(reacting, store)
    expect(await typesOf('stock')).toEqual(['Delivered', 'Reserved', 'Reserved', 'Reserved'])
  })

  test('of one stream is dealt with before the next one of it, those of others at the same time', async () => {
    await send(deliver, 'pen', { amount: 5_000 })
    for (let at = 0; at < 60; at++) await send(place, `order-${at % 6}`, { item: 'pen', amount: 1 + at })
    const reacting = start()
    await caughtUp(reacting, store)
    const reserved = (await readLog(store)).filter(({ type }) => type === 'Reserved')
    const data = reserved.map((each) => each.data as { order: string; amount: number; before: number })
    expect(data).toHaveLength(60)
    for (const stream of new Set(data.map((each) => each.order))) {
      const amounts = data.filter((each) => each.order === stream).map(({ amount }) => amount)
      expect(amounts).toEqual([...amounts].sort((a, b) => a - b))
    }
  })
})

describe('a refusal', () => {
  test('leads to the command instead, and that one to what undoes the first step, once', async () => {
    await order('1', 'pen', 2)
    const reacting = start()
    await eventually('the order is cancelled', async () => (await typesOf('order')).includes('Cancelled'))
    await caughtUp(reacting, store)
    expect(await typesOf('order')).toEqual(['Placed', 'Cancelled'])
    expect(await typesOf('stock')).toEqual(['Lacked'])
    expect((await readLog(store)).at(-1)?.data).toEqual({ reason: 'only 0 left' })
  })

  test('stands when everything is sent again, although the target would accept by now', async () => {
    await order('1')
    const first = start()
    await eventually('the order is cancelled', async () => (await typesOf('order')).includes('Cancelled'))
    await first.crash()
    await send(deliver, 'pen', { amount: 5 })
    checkpoints.positions.clear()
    const second = start()
    await caughtUp(second, store)
    expect(second.sent).toContain('reservations settled-before')
    expect(await typesOf('order')).toEqual(['Placed', 'Cancelled'])
    expect(await typesOf('stock')).toEqual(['Lacked', 'Delivered'])
  })

  test('and an acceptance by another owner at the same time: one of them happens', async () => {
    for (let at = 0; at < 40; at++) await order(String(at))
    const owners = [start(), start(), start()]
    for (let at = 0; at < 20; at++) await send(deliver, 'pen', { amount: 1 })
    checkpoints.positions.clear()
    const last = start()
    await caughtUp(last, store)
    for (const each of owners) await each.close()
    await eventually('all orders are answered', async () => (await typesOf('stock')).length === 60)
    const settled = (await readLog(store)).filter(({ type }) => type === 'Reserved' || type === 'Lacked')
    const orders = settled.map(({ data }) => (data as { order: string }).order)
    expect(new Set(orders).size).toBe(40)
    expect(orders).toHaveLength(40)
    await caughtUp(last, store)
    const lacked = settled.filter(({ type }) => type === 'Lacked').length
    expect((await typesOf('order')).filter((type) => type === 'Cancelled')).toHaveLength(lacked)
  })
})

describe('after a crash', () => {
  test('before the checkpoint is written, everything is sent again and nothing happens twice', async () => {
    await send(deliver, 'pen', { amount: 50 })
    for (let at = 0; at < 20; at++) await order(String(at))
    checkpoints.failing = () => Promise.resolve()
    const first = start()
    await eventually('half of it was sent', () => first.sent.length >= 10)
    await first.crash()
    checkpoints.failing = undefined
    expect(checkpoints.positions.size).toBe(0)
    const second = start()
    await caughtUp(second, store)
    expect(second.sent).toContain('reservations replayed')
    expect((await typesOf('stock')).filter((type) => type === 'Reserved')).toHaveLength(20)
  })

  test('with a checkpoint, what is before it is not sent again', async () => {
    await send(deliver, 'pen', { amount: 50 })
    await order('1')
    const first = start()
    await caughtUp(first, store)
    await first.close()
    await order('2')
    const second = start()
    await caughtUp(second, store)
    expect(second.sent).toEqual(['reservations accepted'])
  })

  test('an owner that has been succeeded writes no checkpoint any more', async () => {
    const first = start()
    await caughtUp(first, store)
    checkpoints.epoch += 1n
    const before = new Map(checkpoints.positions)
    await order('1')
    await eventually('the old owner has noticed', () =>
      first.reactor.status.every(({ position }) => position === undefined),
    )
    expect(checkpoints.positions).toEqual(before)
  })
})

describe('a log that is not available', () => {
  test('is waited for; nothing is skipped and nothing comes twice', async () => {
    await send(deliver, 'pen', { amount: 50 })
    for (let at = 0; at < 10; at++) await order(String(at))
    let calls = 0
    const append: EventStore['append'] = async (request) => {
      calls += 1
      if (calls % 3 === 1) throw new StoreUnavailable('not now')
      const result = await store.append(request)
      if (calls % 3 === 2) throw new StoreUnavailable('the answer was lost')
      return result
    }
    const reacting = runReactor({ ...store, append }, shop, checkpoints)
    open.push(reacting)
    await caughtUp(reacting, store)
    expect((await typesOf('stock')).filter((type) => type === 'Reserved')).toHaveLength(10)
  })

  test('for checkpoints stops nobody for good', async () => {
    await send(deliver, 'pen', { amount: 50 })
    checkpoints.failing = () => Promise.reject(new Error('the database is away'))
    const reacting = start()
    await eventually('it says so', () => reacting.reactor.status.every(({ trouble }) => trouble !== undefined))
    checkpoints.failing = undefined
    await order('1')
    await caughtUp(reacting, store)
    expect(reacting.reactor.status.map(({ trouble }) => trouble)).toEqual([undefined, undefined])
  })
})

test('an owner in trouble that is succeeded has none while it stands by', async () => {
  await send(deliver, 'pen', { amount: 50 })
  checkpoints.failing = () => Promise.reject(new Error('the database is away'))
  const reacting = start()
  await eventually('it says so', () => reacting.reactor.status.every(({ trouble }) => trouble !== undefined))
  checkpoints.epoch += 1n
  await reacting.close()
  expect(reacting.reactor.status.map(({ trouble }) => trouble)).toEqual([undefined, undefined])
})

describe('a bug at one event', () => {
  let isBroken: boolean
  const domains = () => brokenShop((item) => isBroken && item === 'cursed')
  beforeEach(() => {
    isBroken = true
  })

  test('stops its process manager and no other, and says where', async () => {
    await send(deliver, 'pen', { amount: 50 })
    await order('1')
    const at = await order('2', 'cursed')
    const reacting = start(domains())
    const [stuck] = await eventually('it stands still, and what came before it is done', () => {
      const { status } = reacting.reactor
      return status[0]?.stuck && status[0].position === at - 1n ? status : undefined
    })
    expect(stuck).toMatchObject({ position: at - 1n, stuck: { position: at, reason: 'a bug' } })
    expect(stuck?.trouble).toBe(`stands still at position ${at}; the log says why`)
    await order('3')
    const head = await store.head()
    await eventually('the other goes on', () => reacting.reactor.status[1]?.position === head)
    expect((await typesOf('stock')).filter((type) => type === 'Reserved')).toHaveLength(1)
  })

  test('is tried again, and once it is mended everything behind it follows', async () => {
    await send(deliver, 'pen', { amount: 50 })
    await send(deliver, 'cursed', { amount: 50 })
    for (const [id, item] of [
      ['1', 'pen'],
      ['1', 'cursed'],
      ['1', 'pen'],
      ['2', 'pen'],
    ] as const)
      await order(id, item)
    const reacting = start(domains())
    await eventually('it stands still', () => reacting.reactor.status[0]?.stuck !== undefined)
    isBroken = false
    await caughtUp(reacting, store)
    expect(reacting.reactor.status[0]).toMatchObject({ stuck: undefined, trouble: undefined })
    const reserved = (event: RecordedEvent): boolean => event.type === 'Reserved'
    expect((await readLog(store)).filter(reserved)).toHaveLength(4)
  })

  test('does not keep the process from stopping', async () => {
    await order('2', 'cursed')
    const reacting = start(domains(), { retry: { first_ms: 3_600_000, max_ms: 3_600_000 } })
    await eventually('it stands still', () => reacting.reactor.status[0]?.stuck !== undefined)
    await reacting.close()
    expect(checkpoints.positions.get('reservations')).toBe(0n)
  })
})

test('a process manager that begins at the head leaves alone what was there, also when nothing came for long', async () => {
  await send(deliver, 'pen', { amount: 5 })
  await order('old')
  const first = start(lateShop)
  await caughtUp(first, store)
  await first.close()
  expect(first.sent).toEqual([])
  await order('new')
  const second = start(lateShop)
  await caughtUp(second, store)
  expect(second.sent).toEqual(['reservations accepted'])
})
