import { type AnyCommand, type RecordedEvent } from '#domain-kit'
import { type EventStore } from '#event-store'
import { ledger } from '#ledger'
import {
  eventually,
  type PostgresWriter,
  postgresWriter,
  type ScratchDatabase,
  scratchDatabase,
  silentLogger,
} from '#testing'
import { CommandHandler, type CommandOutcome, openPostgresSnapshots, Snapshots } from '../index.js'

const EVERY = 100
let database: ScratchDatabase
let writer: PostgresWriter
let closing: (() => Promise<void>)[]
let keys = 0

beforeEach(async () => {
  database = await scratchDatabase()
  writer = await postgresWriter(database)
  await writer.leads()
  closing = []
})
afterEach(async () => {
  for (const close of closing) await close()
  await writer.close()
  await database.drop()
})

function handlerOn(store: EventStore = writer.store): CommandHandler {
  const kept = openPostgresSnapshots({ url: database.url, schema: 'log', logger: silentLogger() })
  const snapshots = new Snapshots({ store: kept, logger: silentLogger(), events_min: EVERY, share_max: 1 })
  closing.push(() => snapshots.close())
  return new CommandHandler({ store, snapshots, timeout_ms: 120_000 })
}

function send(handler: CommandHandler, name: string, target: string, body: object): Promise<CommandOutcome> {
  const command = ledger.commands.find((each) => each.name === name) as AnyCommand
  return handler.execute({ command, name: `ledger.${name}`, target, body, key: `key-${(keys += 1)}`, metadata: {} })
}

const ACCOUNTS = ['assets:cash', 'income', '__proto__']
const transaction = (at: number, amount = '1.10'): object => ({
  id: `t${at}`,
  date: '2026-11-23',
  postings: [
    { account: ACCOUNTS[at % 2], amount, commodity: 'EUR' },
    { account: '__proto__', amount: amount.startsWith('-') ? amount.slice(1) : `-${amount}`, commodity: 'EUR' },
  ],
})

/** A book with three accounts and so many transactions, each of this amount. */
async function newBook(name: string, transactions: number, amount?: string): Promise<void> {
  const handler = handlerOn()
  await send(handler, 'open-book', name, { book: name })
  for (const account of ACCOUNTS)
    await send(handler, 'open-account', name, {
      account,
      lowestBalance: account === 'income' ? [{ commodity: 'EUR', amount: '0' }] : [],
    })
  const outcomes = await Promise.all(
    Array.from({ length: transactions }, (_, at) => send(handler, 'post-transaction', name, transaction(at, amount))),
  )
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['accepted']))
  await eventually('a snapshot is near the end', async () => {
    const [row] = await database.query<{ revision: string }>('select revision from log.snapshots where stream = $1', [
      `book-${name}`,
    ])
    return Number(row?.revision ?? -1) >= transactions + 4 - 2 * EVERY
  })
}

/** How many events a fresh process reads to answer one command of the book. */
async function readsOf(name: string): Promise<number> {
  let count = 0
  async function* counted(events: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent> {
    for await (const event of events) {
      count += 1
      yield event
    }
  }
  const { store } = writer
  const handler = handlerOn({
    ...{ capabilities: store.capabilities, limits: store.limits, head: () => store.head(), close: () => store.close() },
    ...{
      append: store.append,
      recall: store.recall,
      findClaim: store.findClaim,
      readAll: store.readAll,
      subscribe: store.subscribe,
    },
    readStream: (...asked) => counted(store.readStream(...asked)),
  })
  expect(await send(handler, 'post-transaction', name, transaction(10_000_000 + (keys += 1)))).toMatchObject({
    kind: 'accepted',
  })
  return count
}

test('a book of many transactions is loaded with no more reads than one of few', async () => {
  await newBook('few', 2 * EVERY)
  await newBook('many', 20 * EVERY)
  const [few, many] = [await readsOf('few'), await readsOf('many')]
  expect(few).toBeLessThanOrEqual(2 * EVERY)
  expect(many).toBeLessThanOrEqual(2 * EVERY)
})

/** What may become of the snapshots of two books. Each changes both rows. */
const DAMAGES = [
  'update log.snapshots set version = version + 1 returning 1',
  `update log.snapshots set state = overlay(state placing '\\x00010203'::bytea from 30) returning 1`,
  `update log.snapshots set state = '' returning 1`,
  'update log.snapshots set revision = revision - 1 returning 1',
  'update log.snapshots set revision = 1000000, position = 5000000 returning 1',
  `update log.snapshots s set state = o.state from log.snapshots o where o.stream <> s.stream returning 1`,
  `update log.snapshots s set state = o.state, revision = o.revision, tip = o.tip, position = o.position
     from log.snapshots o where o.stream <> s.stream returning 1`,
  'delete from log.snapshots returning 1',
]

test('dropped, damaged and swapped snapshots change no answer', async () => {
  await newBook('one', 5 * EVERY)
  await newBook('two', 5 * EVERY + 7, '2.20')
  // Nobody takes another snapshot from now on, but for who answers.
  for (const close of closing.splice(0)) await close()
  const answers = async (handler: CommandHandler): Promise<CommandOutcome[]> => [
    await send(handler, 'post-transaction', 'one', transaction(0, '9.00')),
    await send(handler, 'post-transaction', 'one', transaction(999_999, '-100000')),
    await send(handler, 'open-account', 'one', { account: 'income' }),
    await send(handler, 'close-account', 'one', { account: 'nowhere' }),
  ]
  const expected = await answers(new CommandHandler({ store: writer.store }))
  expect(expected.map(({ kind }) => kind)).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
  const answersOfFresh = async (): Promise<CommandOutcome[]> => {
    const answered = await answers(handlerOn())
    for (const close of closing.splice(0)) await close()
    return answered
  }
  expect(await answersOfFresh()).toEqual(expected)
  await database.query('create table intact as select * from log.snapshots')
  for (const damage of DAMAGES) {
    await database.query('truncate log.snapshots')
    await database.query('insert into log.snapshots select * from intact')
    expect(await database.query(damage)).toHaveLength(2)
    expect(await answersOfFresh()).toEqual(expected)
  }
  await database.query('drop table log.snapshots')
  expect(await answersOfFresh()).toEqual(expected)
})

test('a snapshot is of the state that the log leads to', async () => {
  await newBook('one', 3 * EVERY)
  const [row] = await database.query<{ revision: string; tip: string; position: string }>('select * from log.snapshots')
  const revision = BigInt(row?.revision ?? -1)
  for await (const event of writer.store.readStream('book-one', { from: revision, limit: 1 })) {
    expect(event).toMatchObject({ id: row?.tip, position: BigInt(row?.position ?? 0), revision })
    return
  }
  throw new Error('the log does not have the event')
})
