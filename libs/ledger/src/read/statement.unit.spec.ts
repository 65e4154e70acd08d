import fc from 'fast-check'
import { addText, type ProjectionTransaction, type RecordedEvent, type RowOf } from '#domain-kit'
import { type BookEvent, type Posting } from '../book/events.js'
import { bookOpened, entry, inAll, posted, posting, transfer } from '../fixtures/book-events.js'
import { logOf } from '../fixtures/fold-all.js'
import { accountStatement } from './account-statement.js'
import { statement } from './statement.js'

type Lines = RowOf<(typeof statement.tables)['lines']>
type Totals = RowOf<(typeof statement.tables)['totals']>

/** What a projector does with the statement's tables, in memory. */
class Tables implements ProjectionTransaction<typeof statement.tables> {
  readonly lines: Lines[] = []
  readonly totals = new Map<string, Totals>()
  readonly loaded: string[] = []

  async load<N extends 'lines' | 'totals'>(_: N, keys: readonly object[]) {
    this.loaded.push(...keys.map(keyOf))
    return Promise.resolve(keys.flatMap((key) => this.totals.get(keyOf(key)) ?? []) as never[])
  }
  insert(_: string, __: RecordedEvent, rows: readonly object[]): void {
    this.lines.push(...(rows as Lines[]))
  }
  upsert(_: string, __: RecordedEvent, rows: readonly object[]): void {
    for (const row of rows as Totals[]) this.totals.set(keyOf(row), row)
  }
}
const keyOf = (key: object): string => {
  const { book, account, commodity } = key as Totals
  return JSON.stringify([book, account, commodity])
}

async function tablesOf(batches: readonly (readonly RecordedEvent[])[]): Promise<Tables> {
  const tables = new Tables()
  for (const batch of batches) await statement.handle(batch, tables)
  return tables
}
const linesOf = async (...events: readonly BookEvent[]): Promise<Lines[]> => (await tablesOf([logOf(events)])).lines

describe('a statement', () => {
  test('has a line for each posting, with the balance after it', async () => {
    const lines = await linesOf(
      posted({ ...transfer('t1', 'cash', 'shop', '1.50'), description: 'Bread' }),
      posted(transfer('t2', 'shop', 'cash', '0.250')),
    )
    expect(lines.filter(({ account }) => account === 'cash')).toEqual([
      {
        ...{ book: 'main', account: 'cash', transaction: 't1', posting: 0, date: '2026-11-23', description: 'Bread' },
        ...{ commodity: 'EUR', amount: '-1.50', balance: '-1.50', cost: null },
      },
      {
        ...{ book: 'main', account: 'cash', transaction: 't2', posting: 1, date: '2026-11-23', description: '' },
        ...{ commodity: 'EUR', amount: '0.250', balance: '-1.250', cost: null },
      },
    ])
  })

  test('runs in each commodity of an account by itself', async () => {
    const both = entry(
      't1',
      posting('cash', '1'),
      posting('cash', '2', 'USD'),
      posting('cash', '3'),
      posting('x', '-6'),
    )
    const lines = await linesOf(posted(both))
    expect(lines.map(({ amount, balance }) => [amount, balance])).toEqual([
      ['1', '1'],
      ['2', '2'],
      ['3', '4'],
      ['-6', '-6'],
    ])
  })

  test('tells what a posting cost, and nothing where it cost nothing', async () => {
    const lines = await linesOf(posted(entry('t1', posting('a', '2', 'ACME', inAll('5')), posting('b', '-5', 'USD'))))
    const place = { createdAt: 7n, changedAt: 7n }
    expect(lines.map((row) => accountStatement.item(row, place))).toEqual([
      {
        ...{ position: '7', transaction: 't1', posting: 0, date: '2026-11-23', description: '', commodity: 'ACME' },
        ...{ amount: '2', balance: '2', cost: { kind: 'total', amount: '5', commodity: 'USD' } },
      },
      {
        ...{ position: '7', transaction: 't1', posting: 1, date: '2026-11-23', description: '', commodity: 'USD' },
        ...{ amount: '-5', balance: '-5' },
      },
    ])
  })

  test('of one book knows nothing of another', async () => {
    const [one, other] = ['main', 'other'].map((name) => logOf([posted(transfer('t1', 'cash', 'shop', '5'))], name))
    const { lines } = await tablesOf([[...one!, ...other!]])
    expect(lines.map(({ book, balance }) => [book, balance])).toEqual([
      ['main', '-5'],
      ['main', '5'],
      ['other', '-5'],
      ['other', '5'],
    ])
  })

  test('is not touched by what is no transaction', async () => {
    expect((await tablesOf([logOf([bookOpened])])).lines).toEqual([])
  })

  test('asks for each total once a batch', async () => {
    const all = [1, 2, 3].map((n) => posted(transfer(`t${n}`, 'cash', 'shop', '5')))
    const { loaded } = await tablesOf([logOf(all)])
    expect(loaded).toEqual([
      keyOf({ book: 'main', account: 'cash', commodity: 'EUR' }),
      keyOf({ book: 'main', account: 'shop', commodity: 'EUR' }),
    ])
  })
})

const postings: fc.Arbitrary<Posting[]> = fc.array(
  fc
    .tuple(fc.constantFrom('a', 'b', '__proto__'), fc.integer({ min: -999, max: 999 }), fc.constantFrom('EUR', ''))
    .map(([account, cents, commodity]) => posting(account, (cents / 100).toFixed(2), commodity)),
  { minLength: 1, maxLength: 5 },
)
const logs = fc
  .array(postings, { maxLength: 12 })
  .map((all) => logOf(all.map((it, at) => posted(entry(`t${at}`, ...it)))))

test('however the log is cut into batches, lines and totals are the same', async () => {
  await fc.assert(
    fc.asyncProperty(logs, fc.array(fc.nat(12)), async (log, cuts) => {
      const ends = [0, ...[...new Set(cuts)].sort((a, b) => a - b), log.length]
      const batches = ends.slice(1).map((end, at) => log.slice(ends[at], end))
      const [cut, whole] = [await tablesOf(batches), await tablesOf([log])]
      expect(cut.lines).toEqual(whole.lines)
      expect(cut.totals).toEqual(whole.totals)
    }),
  )
})

test('each balance is the sum of the amounts up to it, and the last one is the total', async () => {
  await fc.assert(
    fc.asyncProperty(logs, async (log) => {
      const { lines, totals } = await tablesOf([log])
      const sums = new Map<string, string>()
      for (const line of lines) {
        sums.set(keyOf(line), addText(sums.get(keyOf(line)) ?? '0', line.amount))
        expect(line.balance).toBe(sums.get(keyOf(line)))
      }
      expect(new Map([...totals].map(([key, { balance }]) => [key, balance]))).toEqual(sums)
    }),
  )
})
