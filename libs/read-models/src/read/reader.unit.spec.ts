import { ROWS_MAX } from '#domain-kit'
import { ledger } from '#ledger'
import { type Problem } from '#runtime'
import { silentLogger } from '#testing'
import { laneFor, WHOLE } from '../project/lanes.js'
import { type StoredRow } from '../tables/row-codec.js'
import { tablesOf } from '../tables/table.js'
import { type At } from './query.js'
import { Reader } from './reader.js'
import { ResourceCatalogue } from './resources.js'
import { type Freshness, type Snapshot } from './sources.js'

/** What replicas were asked for. */
let asked: Freshness[]
let isWithin: boolean
let rows: readonly StoredRow[]
let reader: Reader
beforeEach(() => {
  asked = []
  isWithin = true
  rows = []
  const sources = {
    replica: (_: unknown, __: unknown, freshness: Freshness) => {
      asked.push(freshness)
      const found: Snapshot = { source: 'replica', position: 9n, build: 1, isWithin, isCut: false, rows }
      return Promise.resolve(found)
    },
  }
  reader = new Reader({
    sources: sources as never,
    carriers: { of: () => 'fleet' },
    redis: {} as never,
    logger: silentLogger(),
  })
})

const catalogue = new ResourceCatalogue([ledger])
const named = (path: string) => catalogue.find(`/v1/ledger${path}`)!

test('what is asked of replicas is the position of the lane that is read, and of what encloses it: others may stand still', async () => {
  await reader.list(named('/books/main/transactions'), { limit: 1 }, { minPosition: 7n })
  const table = tablesOf([ledger]).find(({ name }) => name === 'transactions')!
  const lane = laneFor(table, { book: 'main' })
  expect(lane).toBeGreaterThan(0)
  expect(asked).toMatchObject([
    {
      of: [
        { name: 'transactions', lane },
        { name: 'books', lane: WHOLE },
      ],
      minPosition: 7n,
    },
  ])
})

test('a query tells for which subject it would wait, to whatever is asked', async () => {
  const theirs = reader.for('ann')
  await theirs.list(named('/books/main/transactions'), { limit: 1, at: undefined }, { minPosition: 7n })
  await theirs.collection(named('/books/main/balances'), {}, { minPosition: 7n })
  await theirs.collection(named('/books/main/balances'), {}, { minPosition: 7n }, { position: 12n })
  expect(asked.map(({ subject, minPosition }) => [subject, minPosition])).toEqual([
    ['ann', 7n],
    ['ann', 7n],
    ['ann', 12n],
  ])
})

test('what spans streams is read in the lane of the whole log', async () => {
  await reader.list(named('/books'), { limit: 1 }, { minPosition: 7n })
  expect(asked).toMatchObject([{ of: [{ name: 'books', lane: WHOLE }] }])
})

test('what is not there is not there as of a position, whatever kind of resource it is', async () => {
  isWithin = false
  const [transactions, balances] = [named('/books/main/transactions'), named('/books/main/balances')]
  const fresh = { minPosition: 7n }
  const at = { position: 4n }
  const positionOf = async (asking: Promise<unknown>): Promise<unknown> => {
    const error: unknown = await asking.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'not-found' })
    return (error as Problem).headers['headwater-position']
  }
  expect(await positionOf(reader.list(transactions, { limit: 1 }, fresh))).toBe('9')
  expect(await positionOf(reader.missed(transactions, { position: 1n, ordinal: 0 }, 1, fresh))).toBe('9')
  expect(await positionOf(reader.collection(balances, {}, fresh))).toBe('9')
  expect(await positionOf(reader.collection(balances, {}, fresh, at))).toBe('4')
  expect(await positionOf(reader.collection(balances, {}, fresh, { time: '2026-11-23T10:00:00.000Z' }))).toBe('9')
})

test('an answer that makes too many rows of a few is refused as one that reads too many', async () => {
  const amounts = Array.from({ length: ROWS_MAX + 1 }, (_, at) => ({ commodity: `${at}`, amount: '1' }))
  const row = { account: 'a', balances: amounts, commodity: 'EUR', balance: '1' }
  const stored = { row, created: { position: 1n, ordinal: 0 }, changed: 1n }
  const asked = (at?: At): Promise<unknown> =>
    reader.collection(named('/books/main/balances'), {}, { minPosition: 0n }, at)
  const refused = { code: 'too-many-rows', status: 422 }
  rows = [stored]
  await expect(asked()).rejects.toMatchObject(refused)
  rows = Array.from(amounts, () => stored)
  await expect(asked()).rejects.toMatchObject(refused)
  await expect(asked({ position: 4n })).rejects.toMatchObject(refused)
})

test('of what was is not known which rows a restricted token may see', async () => {
  const restricted = { ...named('/books/main/balances'), only: { column: 'book', values: ['main'] } }
  const asked = reader.collection(restricted, {}, { minPosition: 0n }, { position: 4n })
  await expect(asked).rejects.toMatchObject({ code: 'forbidden' })
})

test('a list has another tag for who may see only some of its rows', async () => {
  const tagOf = async (...values: readonly string[]): Promise<string> => {
    const only = values.length > 0 ? { column: 'book', values } : undefined
    return (await reader.list({ ...named('/books'), only }, { limit: 1 }, { minPosition: 0n })).etag
  }
  const tags = [await tagOf(), await tagOf('main'), await tagOf('main', 'other')]
  expect(new Set(tags).size).toBe(3)
  expect(await tagOf('other', 'main')).toBe(tags[2])
  for (const tag of tags) expect(tag).toMatch(/^W\/"[^"]+"$/)
})
