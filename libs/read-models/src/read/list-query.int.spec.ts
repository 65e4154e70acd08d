import fc from 'fast-check'
import { type ListResource } from '#domain-kit'
import { ledger } from '#ledger'
import { scratchServers } from '#testing'
import { type Step } from '../fixtures/ledger-events.js'
import { historyOf, Reading } from '../fixtures/reading.js'
import { type Answer } from './answers.js'
import { type Condition, type ListQuery } from './query.js'
import { type NamedResource } from './resources.js'

let reading: Reading
let transactions: NamedResource
beforeAll(async () => {
  const servers = await scratchServers()
  reading = await Reading.open(ledger, servers)
  transactions = reading.resource('/books/book0/transactions')
})
afterAll(() => reading.close())
beforeEach(() => reading.empty())

interface Item {
  readonly id: string
  readonly position: string
  readonly date: string
  readonly description: string
  readonly postings: readonly { readonly account: string }[]
}
interface Page {
  readonly items: readonly Item[]
  readonly next: string | null
}

const where = (given: Readonly<Record<string, string>>): Condition[] =>
  Object.entries(given).map(([name, value]) => ({
    filter: (transactions.readable.resource as ListResource).filters[name]!,
    value,
  }))
const pageOf = ({ data }: Answer): Page => data as Page
const fresh = { minPosition: 0n }
const place = { position: 0n, ordinal: 0 }

async function allPages(query: ListQuery, limit: number, scanned_max: number): Promise<Item[]> {
  const reader = reading.reader({ scanned_max })
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page = pageOf(await reader.list(transactions, { ...query, limit, cursor }, fresh))
    expect(page.items.length).toBeLessThanOrEqual(limit)
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return items
}

const step = (more: Partial<Step>): Step => ({
  ...{ kind: 'transaction', book: 0, from: 0, to: 1, cents: 100, commodity: 'EUR', text: 'bread' },
  ...more,
})
const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('transaction', 'transaction', 'reversal', 'account'),
    book: fc.nat(1),
    from: fc.nat(3),
    to: fc.nat(3),
    cents: fc.nat(8),
    commodity: fc.constant('EUR'),
    text: fc.constantFrom('bread', 'Bread', 'brown bread', '%', '_', "it's", ''),
  }),
  { minLength: 1, maxLength: 30 },
)
const day = fc.nat(8).map((cents) => `2026-01-0${cents + 1}`)
const asked = fc.record(
  {
    from: day,
    to: day,
    description: fc.constantFrom('bread', 'b', '%', '_', "'"),
    descriptionPrefix: fc.constantFrom('bread', 'Br', '%'),
    account: fc.constantFrom('assets:0', 'assets:3', 'assets'),
  },
  { requiredKeys: [] },
)

test('filters and orders show what a plain reading of them shows, however it is paged', async () => {
  const sorts = fc.constantFrom(
    undefined,
    { column: 'date', isDescending: false },
    { column: 'date', isDescending: true },
  )
  const paging = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 12 }))
  await fc.assert(
    fc.asyncProperty(steps, asked, sorts, paging, async (random, given, sort, [limit, scanned_max]) => {
      await reading.empty()
      await reading.fold(await historyOf([step({}), ...random]))
      const everything = await allPages({}, 1_000, 1_000)
      const { from = '', to = '9', description = '', descriptionPrefix = '', account } = given
      const expected = everything.filter(
        (it) =>
          it.date >= from &&
          it.date <= to &&
          it.description.includes(description) &&
          it.description.startsWith(descriptionPrefix) &&
          (account === undefined || it.postings.some((posting) => posting.account === account)),
      )
      if (sort) {
        const places = new Map(everything.map(({ id }, at) => [id, everything.length - at]))
        const sign = sort.isDescending ? -1 : 1
        const order = (a: Item, b: Item): number =>
          a.date === b.date ? (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0) : a.date < b.date ? -1 : 1
        expected.sort((a, b) => sign * order(a, b))
      }
      const query = { where: where(given), sort }
      expect(await allPages(query, limit, scanned_max)).toEqual(expected)
    }),
    { numRuns: 25 },
  )
})

test.each([undefined, { column: 'date', isDescending: true }, { column: 'date', isDescending: false }])(
  'whoever pages in order %j while others write meets each item that was there once',
  async (sort) => {
    const random = Array.from({ length: 12 }, (_, at) => step({ cents: (at * 7) % 10 }))
    const events = await historyOf([...random, ...random])
    const half = events.slice(0, 13)
    await reading.fold(half)
    const before = pageOf(await reading.reader().list(transactions, { limit: 1_000, sort }, fresh)).items
    const seen: string[] = []
    let cursor: string | undefined
    for (let folded = half.length; ; folded += 1) {
      const page = pageOf(await reading.reader().list(transactions, { limit: 3, sort, cursor }, fresh))
      seen.push(...page.items.map(({ id }) => id))
      if (page.next === null) break
      cursor = page.next
      await reading.fold(events.slice(0, folded + 1))
    }
    expect(new Set(seen).size).toBe(seen.length)
    const ids = before.map(({ id }) => id)
    expect(seen.filter((id) => ids.includes(id))).toEqual(ids)
  },
)

describe('a cursor', () => {
  const sort = { column: 'date', isDescending: false }
  const decode = (cursor: string): unknown[] =>
    JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
  const encode = (parts: unknown): string => Buffer.from(JSON.stringify(parts)).toString('base64url')
  let cursor: string
  beforeEach(async () => {
    await reading.fold(await historyOf([step({}), step({ cents: 2 }), step({ book: 1 }), step({ book: 1, cents: 2 })]))
    const query = { limit: 1, sort, where: where({ from: '2026-01-01' }) }
    cursor = pageOf(await reading.reader().list(transactions, query, fresh)).next ?? ''
    expect(cursor).not.toBe('')
  })
  const refused = { code: 'invalid-cursor', status: 400 }

  test('goes on in its own list, order and filters only', async () => {
    const from = where({ from: '2026-01-01' })
    const read = (query: Omit<ListQuery, 'limit'>, named = transactions) =>
      reading.reader().list(named, { limit: 1, cursor, ...query }, fresh)
    expect(pageOf(await read({ sort, where: from })).items).toHaveLength(1)
    await expect(read({ where: from })).rejects.toMatchObject(refused)
    await expect(read({ sort: { ...sort, isDescending: true }, where: from })).rejects.toMatchObject(refused)
    await expect(read({ sort })).rejects.toMatchObject(refused)
    await expect(read({ sort, where: where({ from: '2026-01-02' }) })).rejects.toMatchObject(refused)
    await expect(read({ sort, where: where({ to: '2026-01-01' }) })).rejects.toMatchObject(refused)
    const other = reading.resource('/books/book1/transactions')
    await expect(read({ sort, where: from }, other)).rejects.toMatchObject(refused)
  })

  test('that somebody has made up is refused and never reaches a statement', async () => {
    const [scope, position, ordinal, key, at] = decode(cursor)
    const made = [
      [scope, position, ordinal, null, at],
      [scope, position, ordinal, 'a\u0000b', at],
      [scope, position, ordinal, '\ud800', at],
      [scope, '99999999999999999999', ordinal, key, at],
      [scope, position, 2 ** 31, key, at],
      [scope, position, 1.5, key, at],
      [scope, position, ordinal, key, 'x'],
      [scope, position],
      {},
      null,
    ]
    const query = { limit: 1, sort, where: where({ from: '2026-01-01' }) }
    for (const each of [...made.map(encode), 'x', '', encode(made).slice(3)])
      await expect(reading.reader().list(transactions, { ...query, cursor: each }, fresh)).rejects.toMatchObject(
        refused,
      )
  })
})

test('a page looks at no more rows than it may, shows what it found, and goes on from there', async () => {
  await reading.fold(await historyOf(Array.from({ length: 9 }, (_, at) => step({ text: at === 0 ? 'rare' : 'bread' }))))
  const query = { limit: 5, where: where({ description: 'rare' }) }
  const first = pageOf(await reading.reader({ scanned_max: 5 }).list(transactions, query, fresh))
  expect(first).toMatchObject({ items: [], next: expect.any(String) as string })
  const second = pageOf(
    await reading.reader({ scanned_max: 5 }).list(transactions, { ...query, cursor: first.next ?? '' }, fresh),
  )
  expect(second).toMatchObject({ items: [{ description: 'rare' }], next: null })
})

test('while the book lags behind its transactions, a list shows those of the position that it says, and no newer one', async () => {
  const events = await historyOf([step({ text: '1' }), step({ text: '2' }), step({ text: '3' })])
  await reading.fold(events)
  const posted = events.filter(({ type }) => type === 'TransactionPosted').map(({ position }) => position)
  expect(posted).toHaveLength(3)
  const second = posted[1] ?? 0n
  // Whether there is such a book is folded in a lane of its own, perhaps by another projector.
  await reading.database.query('update headwater.lanes set position = $1 where lane = 0', [second])
  const reader = reading.reader()
  const query = { limit: 10, where: [], sort: undefined, cursor: undefined, at: undefined }
  const page = await reader.list(transactions, query, fresh)
  expect([page.position, pageOf(page).items.map(({ position }) => BigInt(position))]).toEqual([
    second,
    posted.slice(0, 2).reverse(),
  ])
  const missed = await reader.missed(transactions, place, 10, fresh)
  expect([missed.position, missed.isComplete, missed.items.map((each) => each.place.position)]).toEqual([
    second,
    true,
    posted.slice(0, 2),
  ])
  const sorted = await reader.list(transactions, { ...query, sort: { column: 'date', isDescending: false } }, fresh)
  expect(pageOf(sorted).items).toHaveLength(2)
})

test('a statement shows no line beyond its position while the account is folded by another fleet, or has stopped', async () => {
  const events = await historyOf([step({ text: '1' }), step({ text: '2' }), step({ text: '3' })])
  await reading.fold(events)
  const posted = events.filter(({ type }) => type === 'TransactionPosted').map(({ position }) => position)
  const second = posted[1] ?? 0n
  const statement = reading.resource('/books/book0/accounts/assets%3A0/statement')
  // Its lane is that of its lines.
  await reading.database.query("update headwater.members set position = $1 where projection = 'accounts'", [second])
  const query = { limit: 10, where: [], sort: undefined, cursor: undefined, at: undefined }
  const page = await reading.reader().list(statement, query, fresh)
  expect([page.position, pageOf(page).items.length]).toEqual([second, 2])
  const missed = await reading.reader().missed(statement, place, 10, fresh)
  expect([missed.position, missed.items.map((each) => each.place.position)]).toEqual([second, posted.slice(0, 2)])
})

test('an entity tag tells two contents apart that are shown under one position, while lanes are apart', async () => {
  const events = await historyOf([step({ text: '1' }), step({ text: '2' })])
  await reading.fold(events)
  const { position = 0n } = events.at(-1) ?? {}
  const query = { limit: 10, where: [], sort: undefined, cursor: undefined, at: undefined }
  const tagOf = async (): Promise<string> => (await reading.reader().list(transactions, query, fresh)).etag
  const level = await tagOf()
  expect(level).toBe(`W/"transactions.2.1-${position}"`)
  // Two events that mark a transaction each, in a lane that the book's has not caught up with.
  const tags = [level]
  const posted = events.filter(({ type }) => type === 'TransactionPosted')
  for (const [at, each] of posted.entries()) {
    const sql = `update ${transactions.readable.table.sql} set changed_position = $1 where created_position = $2`
    await reading.database.query(sql, [position + BigInt(at + 1), each.position])
    tags.push(await tagOf())
  }
  expect(new Set(tags).size).toBe(3)
  for (const tag of tags) expect(tag.startsWith(`W/"transactions.2.1-${position}`)).toBe(true)
})
