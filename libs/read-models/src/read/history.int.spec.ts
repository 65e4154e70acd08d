import fc from 'fast-check'
import { type CollectionResource, type ListResource, type RecordedEvent } from '#domain-kit'
import { ledger } from '#ledger'
import { plainFold, scratchServers } from '#testing'
import { type Step } from '../fixtures/ledger-events.js'
import { historyOf, Reading, timeOf } from '../fixtures/reading.js'
import { latestSql } from './history-sql.js'
import { type At } from './query.js'
import { type Answer } from './answers.js'
import { type NamedResource } from './resources.js'
import { type Statement } from './sql.js'

let reading: Reading
beforeAll(async () => {
  const servers = await scratchServers()
  reading = await Reading.open(ledger, servers)
})
afterAll(() => reading.close())
beforeEach(() => reading.empty())

const BOOK = 'book0'
const ACCOUNTS = ['assets:0', 'assets:1', 'assets:2', 'nobody']
const balances = (): NamedResource => reading.resource(`/books/${BOOK}/balances`)
const balanceOf = (account: string): NamedResource =>
  reading.resource(`/books/${BOOK}/balances/${encodeURIComponent(account)}`)
const statementOf = (account: string): NamedResource =>
  reading.resource(`/books/${BOOK}/accounts/${encodeURIComponent(account)}/statement`)
const table = (id: string) => reading.tables.find((each) => each.id === id)!
const fresh = { minPosition: 0n }

type Data = Readonly<Record<string, unknown>>

/** What was there at a position, from the log alone; undefined for what was not. */
class Then {
  readonly position: string
  private readonly events: readonly RecordedEvent[]
  constructor(events: readonly RecordedEvent[], position: bigint) {
    this.events = events.filter((event) => event.position <= position && event.aggregateId === BOOK)
    this.position = position.toString()
  }
  private get accounts() {
    return plainFold(table('accounts.v1:accounts'), this.events).map(({ row }) => row)
  }
  balances(query: object): object | undefined {
    if (this.events.length === 0) return undefined
    const answer = balances().readable.resource as CollectionResource
    return { position: this.position, ...answer.answer(this.accounts, query) }
  }
  balance(account: string): object | undefined {
    const row = this.accounts.find((each) => each['account'] === account)
    const kept = row?.['balances'] as { commodity: string; amount: string }[] | undefined
    const sorted = kept?.map((each) => ({ account, ...each })).sort((a, b) => (a.commodity < b.commodity ? -1 : 1))
    return sorted && { position: this.position, account, balances: sorted }
  }
  statement(account: string): object | undefined {
    if (!this.accounts.some((each) => each['account'] === account)) return undefined
    const { item } = statementOf(account).readable.resource as ListResource
    const lines = plainFold(table('statement.v3:lines'), this.events)
    const mine = lines.filter(({ row }) => row['account'] === account).reverse()
    const items = mine.map(({ row, created }) => item(row, { createdAt: created.position, changedAt: 0n }))
    return { position: this.position, items, next: null }
  }
}

async function dataOf(answer: Promise<Answer>): Promise<Data | undefined> {
  try {
    const { data, source } = await answer
    expect(source).toBe('replica')
    return data as Data
  } catch (error) {
    expect(error).toMatchObject({ code: 'not-found', status: 404 })
    return undefined
  }
}

async function expectAll(at: At, then: Then): Promise<void> {
  const reader = reading.reader()
  for (const query of [{}, { tree: 'true' }])
    expect(await dataOf(reader.collection(balances(), query, fresh, at))).toEqual(then.balances(query))
  for (const account of ACCOUNTS) {
    expect(await dataOf(reader.document(balanceOf(account), fresh, at))).toEqual(then.balance(account))
    const list = reader.list(statementOf(account), { limit: 1_000, at }, fresh)
    expect(await dataOf(list)).toEqual(then.statement(account))
  }
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('account', 'close', 'transaction', 'transaction', 'reversal', 'hold', 'capture'),
    book: fc.nat(1),
    from: fc.nat(2),
    to: fc.nat(2),
    cents: fc.nat(900),
    commodity: fc.constantFrom('EUR', 'USD', ''),
    text: fc.constant(''),
  }),
  { minLength: 1, maxLength: 12 },
)

test('at each position and time, balances and statements are those of the log up to it', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (random) => {
      await reading.empty()
      const events = await historyOf(random)
      await reading.fold(events)
      for (let position = 0n; position <= BigInt(events.length); position += 1n) {
        await expectAll({ position }, new Then(events, position))
        // The state after a time is that of the book's last event at or before it.
        const last = events.findLast((event) => event.aggregateId === BOOK && event.position <= position)
        const then = new Then(events, last?.position ?? 0n)
        await expectAll({ time: timeOf(position) }, then)
        await expectAll({ time: timeOf(position).replace('.000Z', '.999Z') }, then)
      }
    }),
    { numRuns: 8 },
  )
})

const step = (more: Partial<Step> = {}): Step => ({
  ...{ kind: 'transaction', book: 0, from: 0, to: 1, cents: 100, commodity: 'EUR', text: '' },
  ...more,
})

test('pages of long ago are all of the same state, whatever is written meanwhile', async () => {
  const events = await historyOf(Array.from({ length: 12 }, () => step()))
  const folded = (position: bigint) => reading.fold(events.filter((event) => event.position <= position))
  await folded(9n)
  const named = statementOf('assets:0')
  const at = { time: timeOf(100n) }
  const first = (await reading.reader().list(named, { limit: 4, at }, fresh)).data as { next: string; position: string }
  expect(first.position).toBe('9')
  await folded(13n)
  const next = await reading.reader().list(named, { limit: 100, at, cursor: first.next }, fresh)
  expect(next.data).toMatchObject({ position: '9', next: null })
  expect((next.data as { items: object[] }).items).toHaveLength(4)
  const other = reading.reader().list(named, { limit: 4, at: { position: 9n }, cursor: first.next }, fresh)
  await expect(other).rejects.toMatchObject({ code: 'invalid-cursor' })
})

test('a position beyond what is applied is waited for, and 503 says how far we are', async () => {
  const events = await historyOf([step(), step()])
  await reading.fold(events.slice(0, 2))
  const at = { position: 3n }
  const hasty = reading.reader({ wait_ms_max: 20 })
  const refused = { code: 'not-fresh-enough', status: 503, headers: { 'headwater-position': '2' } }
  await expect(hasty.document(balanceOf('assets:0'), fresh, at)).rejects.toMatchObject(refused)
  await expect(hasty.collection(balances(), {}, fresh, at)).rejects.toMatchObject(refused)
  await expect(hasty.list(statementOf('assets:0'), { limit: 1, at }, fresh)).rejects.toMatchObject(refused)
  const waiting = reading.reader({ wait_ms_max: 60_000 }).document(balanceOf('assets:0'), fresh, at)
  await reading.fold(events)
  expect((await waiting).data).toMatchObject({ position: '3', balances: [{ amount: '-2.00' }] })
})

/** Rows that each look into a table has touched, from the plan as it was run. */
async function touched({ text, values }: Statement, name: string): Promise<number> {
  const [row] = await reading.database.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
    `explain (analyze, format json) ${text}`,
    values,
  )
  interface Node {
    readonly 'Relation Name'?: string
    readonly 'Actual Rows': number
    readonly 'Actual Loops': number
    readonly 'Rows Removed by Filter'?: number
    readonly Plans?: readonly Node[]
  }
  const sum = (node: Node): number => {
    const own = node['Relation Name'] === name ? node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) : 0
    return own * node['Actual Loops'] + (node.Plans ?? []).reduce((total, each) => total + sum(each), 0)
  }
  return sum(row!['QUERY PLAN'][0].Plan)
}

test('a balance of long ago costs a line for each commodity, however long the statement is', async () => {
  await reading.fold(await historyOf([step(), step({ commodity: 'USD' }), step({ from: 2, to: 2 })]))
  const { lines } = balances().readable.history!.latest!
  await reading.database.query(`insert into ${lines.sql}
    select book, account, transaction || n, posting, date, description, commodity, amount, balance, cost,
      10 + n, row_number() over (partition by n), 10 + n
    from ${lines.sql}, generate_series(1, 30000) n`)
  await reading.database.query(`analyze ${lines.sql}`)
  const { readable, params } = balanceOf('assets:0')
  const range = { prefixes: {}, limit: 10 }
  for (const at of [4n, 15_000n, 40_000n]) {
    const statement = latestSql(readable, readable.history!.latest!, params, { ...range, at })
    expect(await touched(statement, 'lines')).toBe(2)
    const all = latestSql(balances().readable, readable.history!.latest!, balances().params, { ...range, at })
    expect(await touched(all, 'lines')).toBe(5)
  }
})
