import { type RecordedEvent } from '#domain-kit'
import { type PostgresWriter, postgresWriter, type ScratchDatabase, scratchDatabase, silentLogger } from '#testing'
import { all, idsOf, mustAppend, newEvent, newRequest, newStream } from '../contract/requests.js'
import { type EventBatch } from '../port.js'
import { follow } from '../log/follow.js'
import { LiveFeed } from '../log/live-feed.js'
import { PostgresReader } from './reader.js'

const MIB = 1024 * 1024

let database: ScratchDatabase
let writer: PostgresWriter
let readers: PostgresReader[]

beforeEach(async () => {
  readers = []
  database = await scratchDatabase()
  writer = await postgresWriter(database)
  await writer.leads()
})
afterEach(async () => {
  for (const each of readers) await each.close()
  await writer.close()
  await database.drop()
})

/** One connection: a page that would keep it would be the last. */
function reader(page_bytes?: number): PostgresReader {
  const size = page_bytes === undefined ? {} : { page_bytes }
  const opened = new PostgresReader({ url: database.url, pool_max: 1, logger: silentLogger(), ...size })
  readers.push(opened)
  return opened
}

/** Events of a stream with so much text in each. */
async function fill(stream: string, sizes: readonly number[]): Promise<void> {
  for (let at = 0; at < sizes.length; at += 4) {
    const events = sizes.slice(at, at + 4).map((size) => newEvent({ text: 'x'.repeat(size) }))
    await mustAppend(writer.store, newRequest(stream, { events }))
  }
}

const textOf = ({ data }: RecordedEvent): number => (data as { readonly text: string }).text.length
const sum = (events: readonly RecordedEvent[]): number => events.reduce((bytes, each) => bytes + textOf(each), 0)

test('a page of large events ends at 16 MiB, one of small ones after as many as were asked for', async () => {
  await fill(
    newStream(),
    Array.from({ length: 20 }, () => 1.5 * MIB),
  )
  await fill(
    newStream(),
    Array.from({ length: 40 }, () => 10),
  )
  const large = await reader().page(0n, 1_000)
  expect(large).toMatchObject({ count: 10, first: 1n, last: 10n, isCut: true })
  const rest = await reader().page(20n, 40)
  expect(rest).toMatchObject({ count: 40, last: 60n, isCut: false })
})

describe('where pages are cut', () => {
  /** What comes alone is larger than a page, what comes together is not. */
  const SIZES = [10, 3_000, 9_000, 9_000, 10, 10, 4_000, 3_000, 2_000, 1_000, 30_000, 10]
  const PAGE_BYTES = 10_000
  let stream: string
  let whole: RecordedEvent[]

  beforeEach(async () => {
    stream = newStream()
    await fill(newStream(), [10, 20_000])
    await fill(stream, SIZES)
    whole = await all(writer.store.readAll())
  })

  test('each has at least one event, and beyond that no more than fits', async () => {
    const small = reader(PAGE_BYTES)
    const pages: RecordedEvent[][] = []
    for (let after = 0n; after < 14n; after = pages.at(-1)?.at(-1)?.position ?? 14n)
      pages.push([...(await small.page(after, 1_000)).events])
    expect(pages.flat()).toEqual(whole)
    expect(pages.length).toBeGreaterThan(5)
    for (const page of pages) if (page.length > 1) expect(sum(page)).toBeLessThanOrEqual(PAGE_BYTES)
  })

  test('a stream and the log are read whole, in both directions and from within', async () => {
    const small = reader(PAGE_BYTES)
    const mine = whole.slice(2)
    expect(await all(small.readAll())).toEqual(whole)
    expect(await all(small.readAll({ after: 3n, limit: 7 }))).toEqual(whole.slice(3, 10))
    expect(await all(small.readAll({ direction: 'backwards' }))).toEqual([...whole].reverse())
    expect(await all(small.readStream(stream))).toEqual(mine)
    expect(await all(small.readStream(stream, { from: 2n, limit: 5 }))).toEqual(mine.slice(2, 7))
    expect(await all(small.readStream(stream, { direction: 'backwards' }))).toEqual([...mine].reverse())
  })

  test('a subscriber that catches up gets each event once', async () => {
    const batches: EventBatch[] = []
    const stop = new AbortController()
    for await (const batch of follow(reader(PAGE_BYTES), new LiveFeed(), { after: 0n, signal: stop.signal })) {
      batches.push(batch)
      if (batch.position === 14n) stop.abort()
    }
    expect(idsOf(batches.flatMap(({ events }) => events))).toEqual(idsOf(whole))
    expect(batches.map(({ after }) => after)).toEqual([0n, ...batches.slice(0, -1).map(({ position }) => position)])
    expect(batches.length).toBeGreaterThan(5)
  })
})

test.each(["a quote '", 'a backslash \\', "both \\'; --", 'é ☕ \u2028'])(
  'a stream may have any name: %s',
  async (name) => {
    const stream = `thing-${name}`
    await mustAppend(writer.store, newRequest(stream))
    await mustAppend(writer.store, newRequest(`${stream} too`))
    expect((await all(reader().readStream(stream))).map((event) => event.stream)).toEqual([stream])
  },
)
