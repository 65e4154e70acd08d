import pg from 'pg'
import { ledger } from '#ledger'
import { scratchServers } from '#testing'
import { Reading } from '../fixtures/reading.js'
import { queryBounded } from './bounded-query.js'
import { type Reader } from './reader.js'
import { type NamedResource } from './resources.js'
import { Sources } from './sources.js'

/** So many transactions of 1 MiB each. */
const ROWS = 40
const MIB = 1_024 * 1_024
const ids = Array.from({ length: ROWS }, (_, at) => `t${at + 2}`)
const fresh = { minPosition: 0n }

let reading: Reading
let reader: Reader
let transactions: NamedResource
beforeAll(async () => {
  reading = await Reading.open(ledger, await scratchServers())
  const { database } = reading
  await database.query('update headwater.lanes set position = $1', [ROWS + 1])
  await database.query('update headwater.members set position = null')
  await database.query("insert into books_v1.books values ('main', '', 0, 0, 0, 0, '', null, 1, 0, 1)")
  await database.query(
    `insert into transactions_v2.transactions select 'main', 't' || n, '2026-01-01', repeat('x', $1), '', '', '{}', '[]',
       null, null, null, '', n, 0, n from generate_series(2, $2::integer + 1) n`,
    [MIB, ROWS],
  )
  reader = reading.reader()
  transactions = reading.resource('/books/main/transactions')
})
afterAll(() => reading.close())

interface Page {
  readonly items: readonly { readonly id: string }[]
  readonly next: string | null
}

test.each([
  [1_000, undefined],
  [50, undefined],
  [1_000, { column: 'date', isDescending: false }],
])(
  'a page of %j in order %j ends where it would be too large, and its next leads to all the others',
  async (limit, sort) => {
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { limit, sort, cursor }
      const { items, next } = (await reader.list(transactions, query, fresh)).data as Page
      expect(items.length).toBeGreaterThan(0)
      expect(items.length).toBeLessThan(5)
      seen.push(...items.map(({ id }) => id))
      cursor = next
    }
    expect(seen).toEqual(sort ? ids : ids.toReversed())
  },
)

test('what was missed comes in parts when it is large, and its end is told', async () => {
  const seen: bigint[] = []
  for (let isComplete = false; !isComplete;) {
    const after = { position: seen.at(-1) ?? 0n, ordinal: 0 }
    const missed = await reader.missed(transactions, after, 1_000, fresh)
    expect(missed.items.length).toBeLessThan(5)
    seen.push(...missed.items.map(({ place }) => place.position))
    ;({ isComplete } = missed)
  }
  expect(seen).toEqual(ids.map((_, at) => BigInt(at + 2)))
})

test('one that is larger than a part comes all the same, and more at a time to who asks for more', async () => {
  const partOf = async (limit: number): Promise<readonly [number, boolean]> => {
    const { items, isComplete } = await reader.missed(transactions, { position: 1n, ordinal: 0 }, limit, fresh)
    return [items.length, isComplete]
  }
  expect(await partOf(1)).toEqual([1, false])
  const [part] = await partOf(2_000)
  expect(part).toBeGreaterThan(4)
  expect(await partOf(20_000)).toEqual([ROWS, true])
})

test('the primary, too, is asked for no more than a page takes', async () => {
  const logger = { warn: () => undefined, info: () => undefined } as never
  const away = 'postgres://127.0.0.1:1/none'
  const { url } = reading.database
  const sources = new Sources({ replicaUrls: [away], primaryUrl: url, primary: 'fallback', pool_max: 2, logger })
  try {
    const { source, data } = await reading.reader({ sources }).list(transactions, { limit: 1_000 }, fresh)
    expect([source, (data as Page).items.length]).toEqual(['primary', 3])
  } finally {
    await sources.close()
  }
})

test('a statement that fails, at once or half way, leaves its connection as good as it was', async () => {
  const client = new pg.Client({ connectionString: reading.database.url })
  await client.connect()
  const bound = { rows_max: 1_000, bytes_max: MIB }
  const ask = (text: string): Promise<unknown> => queryBounded(client, { text }, bound)
  try {
    await expect(ask('select * from not_there')).rejects.toMatchObject({ code: '42P01' })
    await expect(ask('select 1 / (500 - n) from generate_series(1, 900) n')).rejects.toMatchObject({ code: '22012' })
    expect(await ask('select n from generate_series(1, 2) n')).toEqual({ rows: [{ n: 1 }, { n: 2 }], isCut: false })
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await client.end()
  }
})
