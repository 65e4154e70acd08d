import { ledger } from '#ledger'
import { eventually, scratchServers, silentLogger } from '#testing'
import { type Step } from '../fixtures/ledger-events.js'
import { historyOf, Reading, timeOf } from '../fixtures/reading.js'
import { type Export, Exporter } from './exporter.js'
import { type ListQuery } from './query.js'
import { type NamedResource } from './resources.js'
import { Sources } from './sources.js'

let reading: Reading
beforeAll(async () => {
  const servers = await scratchServers()
  reading = await Reading.open(ledger, servers)
})
afterAll(() => reading.close())
beforeEach(() => reading.empty())

const step: Step = { kind: 'transaction', book: 0, from: 0, to: 1, cents: 100, commodity: 'EUR', text: 'x' }
const transactions = (): NamedResource => reading.resource('/books/book0/transactions')
const never = new AbortController().signal
const open = (query: ListQuery = {}, signal = never, minPosition = 0n): Promise<Export> =>
  new Exporter({ reader: reading.reader(), sources: reading.sources, wait_ms_max: 20 }).list(transactions(), query, {
    minPosition,
    signal,
  })

async function rest(iterator: AsyncIterator<readonly object[]>): Promise<object[]> {
  const items: object[] = []
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) items.push(...next.value)
  return items
}
const all = ({ chunks }: Export): Promise<object[]> => rest(chunks[Symbol.asyncIterator]())

const backends = () =>
  reading.database.query<{ pid: number; state: string }>(
    `select pid, state from pg_stat_activity where datname = current_database() and application_name = 'headwater exports'`,
  )

test('is the whole list of one snapshot, whatever is written while it is read', async () => {
  const events = await historyOf(Array.from({ length: 350 }, () => step))
  const half = events.slice(0, 301)
  await reading.fold(half)
  const found = await open()
  const iterator = found.chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  await reading.fold(events)
  const items = [...(first.value as object[]), ...(await rest(iterator))]
  expect([found.position, found.source]).toEqual([301n, 'replica'])
  const expected = await reading.reader().list(transactions(), { limit: 1_000 }, { minPosition: 0n })
  expect(items).toEqual((expected.data as { items: object[] }).items.slice(50))
  await eventually('its connection is free again', async () =>
    (await backends()).every(({ state }) => state === 'idle'),
  )
})

test('fetches no more than it is asked for', async () => {
  await reading.fold(await historyOf(Array.from({ length: 450 }, () => step)))
  const iterator = (await open()).chunks[Symbol.asyncIterator]()
  let chunks = 0
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    chunks += 1
    expect(next.value.length).toBeLessThanOrEqual(100)
  }
  expect(chunks).toBe(5)
})

test('takes filters, order, limit and cursor as the list does', async () => {
  const events = await historyOf(Array.from({ length: 9 }, (_, at) => ({ ...step, cents: at })))
  await reading.fold(events)
  const sort = { column: 'date', isDescending: false }
  const page = await reading.reader().list(transactions(), { limit: 4, sort }, { minPosition: 0n })
  const { items, next } = page.data as { items: object[]; next: string }
  expect(await all(await open({ sort, limit: 4 }))).toEqual(items)
  const later = await all(await open({ sort, cursor: next }))
  expect([...items, ...later]).toEqual(await all(await open({ sort })))
  expect(later).toHaveLength(5)
})

test('refuses what is not there, and waits for what is not there yet', async () => {
  const missing = (position: string) => ({ code: 'not-found', headers: { 'headwater-position': position } })
  await expect(open()).rejects.toMatchObject(missing('0'))
  await reading.fold(await historyOf([step]))
  await expect(open({}, never, 3n)).rejects.toMatchObject({ code: 'not-fresh-enough', status: 503 })
  const statement = reading.resource('/books/book0/accounts/assets%3A0/statement')
  const exporter = new Exporter({ reader: reading.reader(), sources: reading.sources })
  const asked = { minPosition: 0n, signal: never }
  const then = await exporter.list(statement, { at: { time: timeOf(9n) } }, asked)
  expect(then.position).toBe(2n)
  expect(await all(then)).toHaveLength(1)
  await expect(exporter.list(statement, { at: { position: 1n } }, asked)).rejects.toMatchObject(missing('1'))
  await eventually('every connection is free again', async () =>
    (await backends()).every(({ state }) => state === 'idle'),
  )
})

test('is of the primary when no replica answers and the policy allows it', async () => {
  const events = await historyOf([step, step])
  await reading.fold(events)
  const { url } = reading.database
  const gone = new URL(url)
  gone.port = '1'
  for (const primary of ['never', 'fallback'] as const) {
    const urls = { replicaUrls: [gone.href], primaryUrl: url, primary }
    const sources = new Sources({ ...urls, pool_max: 2, streams_max: 1, logger: silentLogger() })
    for (const minPosition of [0n, events.at(-1)!.position]) {
      const exporting = new Exporter({ reader: reading.reader(), sources, wait_ms_max: 20 })
      const found = exporting.list(transactions(), {}, { minPosition, signal: never })
      const told = found.then(async (each) => [each.source, (await all(each)).length])
      if (primary === 'never') await expect(told).rejects.toMatchObject({ code: 'unavailable' })
      else expect(await told).toEqual(['primary', 2])
    }
    await sources.close()
  }
})

test('that is ended frees its connection, and ends with an error', async () => {
  await reading.fold(await historyOf(Array.from({ length: 250 }, () => step)))
  const controller = new AbortController()
  const iterator = (await open({}, controller.signal)).chunks[Symbol.asyncIterator]()
  await iterator.next()
  const busy = (await backends()).filter(({ state }) => state === 'idle in transaction').map(({ pid }) => pid)
  expect(busy).toHaveLength(1)
  controller.abort(new Error('the reader left'))
  await eventually('the backend is gone', async () => (await backends()).every(({ pid }) => pid !== busy[0]))
  await expect(rest(iterator)).rejects.toThrow('the reader left')
})

test('whose connection is lost ends with an error, never early', async () => {
  await reading.fold(await historyOf(Array.from({ length: 250 }, () => step)))
  const iterator = (await open()).chunks[Symbol.asyncIterator]()
  await iterator.next()
  await reading.database.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'headwater exports'`)
  await expect(rest(iterator)).rejects.toThrow()
  expect(await all(await open())).toHaveLength(250)
})
