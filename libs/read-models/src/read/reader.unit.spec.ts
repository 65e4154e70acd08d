import { ledger } from '#ledger'
import { silentLogger } from '#testing'
import { laneFor, WHOLE } from '../project/lanes.js'
import { tablesOf } from '../tables/table.js'
import { Reader } from './reader.js'
import { ResourceCatalogue } from './resources.js'
import { type Freshness, type Snapshot } from './sources.js'

/** What replicas were asked for. */
let asked: Freshness[]
let reader: Reader
beforeEach(() => {
  asked = []
  const found: Snapshot = { source: 'replica', position: 9n, build: 1, isWithin: true, rows: [] }
  const sources = {
    replica: (_: unknown, __: unknown, freshness: Freshness) => {
      asked.push(freshness)
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

test('what is asked of replicas is the position of the lane that is read: others may stand still', async () => {
  await reader.list(named('/books/main/transactions'), { limit: 1 }, { minPosition: 7n })
  const table = tablesOf([ledger]).find(({ name }) => name === 'transactions')!
  const lane = laneFor(table, { book: 'main' })
  expect(lane).toBeGreaterThan(0)
  expect(asked).toMatchObject([{ of: { name: 'transactions', lane }, minPosition: 7n }])
})

test('what spans streams is read in the lane of the whole log', async () => {
  await reader.list(named('/books'), { limit: 1 }, { minPosition: 7n })
  expect(asked).toMatchObject([{ of: { name: 'books', lane: WHOLE } }])
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
