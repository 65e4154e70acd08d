import fc from 'fast-check'
import { addText, inverseText } from '#domain-kit'
import { type BookEvent, type Posting } from '../book/events.js'
import { bookWith, entry, posted, posting, transfer } from '../fixtures/book-events.js'
import { foldAll, logOf } from '../fixtures/fold-all.js'
import { accounts } from '../read/accounts.js'
import { trialBalance } from './trial-balance.js'

interface Result {
  readonly book: string
  readonly lines: readonly {
    readonly account: string
    readonly commodity: string
    readonly debit: string
    readonly credit: string
  }[]
  readonly totals: readonly { readonly commodity: string; readonly debit: string; readonly credit: string }[]
}

const resultOf = (...events: readonly BookEvent[]): Result =>
  trialBalance.compute(foldAll(accounts, logOf(events)), { book: 'main' }) as Result
const render = (format: string, ...events: readonly BookEvent[]): string =>
  trialBalance.formats[format]!.render(resultOf(...events), 42n)

const lunch = posted(transfer('t1', 'assets:cash', 'expenses:food', '12.50'))

describe('a trial balance', () => {
  test('shows each account as debit or credit, sorted, with totals by commodity', () => {
    const trip = posted(transfer('t2', 'assets:cash', 'expenses:trip', '7', 'USD'))
    expect(resultOf(lunch, trip)).toEqual({
      book: 'main',
      lines: [
        { account: 'assets:cash', commodity: 'EUR', debit: '0', credit: '12.50' },
        { account: 'assets:cash', commodity: 'USD', debit: '0', credit: '7' },
        { account: 'expenses:food', commodity: 'EUR', debit: '12.50', credit: '0' },
        { account: 'expenses:trip', commodity: 'USD', debit: '7', credit: '0' },
      ],
      totals: [
        { commodity: 'EUR', debit: '12.50', credit: '12.50' },
        { commodity: 'USD', debit: '7', credit: '7' },
      ],
    })
  })

  test('of a book without postings is empty', () => {
    expect(resultOf(...bookWith('cash'))).toEqual({ book: 'main', lines: [], totals: [] })
  })

  test('keeps an account that came back to nothing', () => {
    const back = posted(transfer('t2', 'expenses:food', 'assets:cash', '12.50'))
    expect(resultOf(lunch, back).lines[0]).toEqual({
      account: 'assets:cash',
      commodity: 'EUR',
      debit: '0.00',
      credit: '0',
    })
  })

  test('is read from the rows of its book, and asks for the right to read that', () => {
    expect(trialBalance.where({ book: 'main' })).toEqual({ book: 'main' })
    expect(trialBalance.target({ book: 'main' })).toEqual({ aggregate: 'book', id: 'main' })
  })

  test('balances in every commodity whose postings do', () => {
    const transfers = fc.array(
      fc.record({
        from: fc.constantFrom('a', 'b', 'c'),
        to: fc.constantFrom('a', 'b', 'c'),
        cents: fc.integer({ min: -(10 ** 6), max: 10 ** 6 }),
        commodity: fc.constantFrom('EUR', 'USD', ''),
      }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(transfers, (all) => {
        const pair = (from: string, to: string, amount: string, commodity: string): Posting[] => [
          posting(from, inverseText(amount), commodity),
          posting(to, amount, commodity),
        ]
        const events = all.map(({ from, to, cents, commodity }, at) =>
          posted(entry(`t${at}`, ...pair(from, to, (cents / 100).toFixed(2), commodity))),
        )
        const { lines, totals } = resultOf(...events)
        for (const { commodity, debit, credit } of totals) {
          const mine = lines.filter((line) => line.commodity === commodity)
          expect(addText(debit, inverseText(credit))).toMatch(/^0(\.00)?$/)
          expect(addText('0.00', debit)).toBe(mine.map((line) => line.debit).reduce(addText, '0.00'))
        }
      }),
    )
  })
})

describe('its JSON', () => {
  test('holds the position that it reflects, as a string', () => {
    expect(JSON.parse(render('json', lunch))).toEqual({ position: '42', ...resultOf(lunch) })
  })
})

describe('its CSV', () => {
  test('has a header, a line an account, a line a total, and CR LF at each end', () => {
    expect(render('csv', lunch)).toBe(
      [
        'account,commodity,debit,credit,position',
        'assets:cash,EUR,0,12.50,42',
        'expenses:food,EUR,12.50,0,42',
        '(total),EUR,12.50,12.50,42',
        '',
      ].join('\r\n'),
    )
  })

  test.each([
    ['a comma', 'a,b', '"a,b"'],
    ['a quote, which is doubled', 'say "hi"', '"say ""hi"""'],
    ['a newline', 'a\nb', '"a\nb"'],
    ['a carriage return', 'a\rb', '"a\rb"'],
  ])('quotes %s', (_, account, field) => {
    const [, second] = render('csv', posted(entry('t1', posting(account, '1')))).split('\r\n')
    expect(second).toBe(`${field},EUR,1,0,42`)
  })

  test.each(['a b', "it's", 'a;b', '現金', ' a ', ''])('leaves %j as it is', (account) => {
    expect(render('csv', posted(entry('t1', posting(account, '1')))).split('\r\n')[1]).toBe(`${account},EUR,1,0,42`)
  })

  test('is read back as it was, whatever an account is named', () => {
    const names = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', "'", ';', 'é'), maxLength: 8 })
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(names, names), { maxLength: 5, selector: (it) => JSON.stringify(it) }),
        (all) => {
          const events = all.map(([account, commodity], at) =>
            posted(entry(`t${at}`, posting(account, '1', commodity))),
          )
          const { lines } = resultOf(...events)
          const table = parsed(render('csv', ...events)).slice(1, lines.length + 1)
          expect(table).toEqual(lines.map(({ account, commodity }) => [account, commodity, '1', '0', '42']))
        },
      ),
    )
  })
})

/** RFC 4180, as a reader would: fields of records that end with CR LF. */
function parsed(csv: string): string[][] {
  const records: string[][] = [[]]
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y
  while (field.lastIndex < csv.length) {
    const match = field.exec(csv)
    if (!match) throw new Error('not CSV')
    const [, text = '', end] = match
    records.at(-1)?.push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text)
    if (end === '\r\n') records.push([])
  }
  return records.slice(0, -1)
}
