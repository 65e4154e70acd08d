import { CommandHandler } from '#commands'
import { createMemoryStore, type EventStore, EventsArchived } from '#event-store'
import { caughtUp, commandSender, eventually, MemoryCheckpoints, readLog, runReactor, silentLogger } from '#testing'
import { Delivery } from './delivery.js'
import { deliver, place, shop } from './fixtures/shop.js'
import { Runner } from './runner.js'

let store: EventStore
let checkpoints: MemoryCheckpoints
let send: ReturnType<typeof commandSender>
/** The stock of pencils is in an archive; without one, everything else goes on. */
let isArchived: boolean
let closing: (() => Promise<unknown>)[]

/** The log as whoever cannot read what is archived finds it. */
const archiving = (): EventStore => ({
  ...store,
  readStream: (stream, options) => {
    if (!isArchived || stream !== 'stock-pencil') return store.readStream(stream, options)
    const archive = { name: 'events_1', first: 1n, last: 100n, file: '/archive/events_1.ndjson.gz' }
    const error = new EventsArchived('events of "stock-pencil" are', archive)
    return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }
  },
})

beforeEach(async () => {
  store = createMemoryStore()
  checkpoints = new MemoryCheckpoints()
  send = commandSender(store)
  isArchived = true
  closing = []
  for (const item of ['pen', 'pencil']) await send(deliver, item, { amount: 50 })
})
afterEach(async () => {
  for (const close of closing) await close()
})

const order = (id: string, item: string): Promise<bigint> => send(place, `order-${id}`, { item, amount: 1 })

/** The orders that were reserved for, in the order of the log. */
const reserved = async (): Promise<string[]> =>
  (await readLog(store)).flatMap(({ type, data }) => (type === 'Reserved' ? [(data as { order: string }).order] : []))

test('a command whose target is archived holds back its own stream, and nobody else', async () => {
  await order('1', 'pencil')
  await order('1', 'pen')
  for (const id of ['2', '3', '4']) await order(id, 'pen')
  const reacting = runReactor(archiving(), shop, checkpoints)
  closing.push(() => reacting.close())
  const status = () => reacting.reactor.status[0]
  await eventually('the others are dealt with', async () => (await reserved()).length === 3)
  expect((await reserved()).sort()).toEqual(['order-2', 'order-3', 'order-4'])
  await eventually('it says what it holds back', () => status()?.heldBack === 1)
  expect(status()).toMatchObject({ stuck: undefined, trouble: undefined })
  isArchived = false
  await caughtUp(reacting, store)
  expect((await reserved()).slice(3)).toEqual(['order-1', 'order-1'])
  expect(status()).toMatchObject({ heldBack: 0, stuck: undefined })
})

test('behind it there is room for a bounded number of others; then it stands still, and says where', async () => {
  const at = await order('1', 'pencil')
  for (const id of ['2', '3', '4', '5', '6']) await order(id, 'pen')
  const [manager] = shop.flatMap(({ processManagers }) => processManagers)
  if (!manager) throw new Error('the shop has process managers')
  const runner = new Runner(manager, {
    ...{ store, logger: silentLogger(), retry: { first_ms: 5, max_ms: 20 }, ahead_max: 4 },
    delivery: new Delivery({ domains: shop, handler: new CommandHandler({ store: archiving() }) }),
  })
  const ending = new AbortController()
  const running = runner.run(checkpoints.of(checkpoints.epoch), ending.signal)
  closing.push(async () => {
    ending.abort()
    await running
  })
  await eventually('it stands still', () => runner.stuck !== undefined)
  expect(runner.stuck).toMatchObject({ position: at })
  expect(await reserved()).toEqual(['order-2', 'order-3', 'order-4'])
  isArchived = false
  await eventually('it goes on', async () => (await reserved()).length === 6)
  expect(runner.stuck).toBeUndefined()
})
