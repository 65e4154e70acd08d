import fc from 'fast-check'
import { addText } from '#domain-kit'
import { type BookEvent } from '../book/events.js'
import {
  accountClosed,
  accountOpened,
  bookOpened,
  bookWith,
  entry,
  holdPlaced,
  posted,
  posting,
  transfer,
} from '../fixtures/book-events.js'
import { foldAll, logOf } from '../fixtures/fold-all.js'
import { accountBalance, accounts, balances } from './accounts.js'

const rowsOf = (...events: readonly BookEvent[]) => foldAll(accounts, logOf(events))
const place = { createdAt: 1n, changedAt: 1n }
const shown = (...events: readonly BookEvent[]): object[] =>
  rowsOf(...events).map((row) => accountBalance.answer(row, place))

describe('the balance of an account', () => {
  test('is nothing before its first posting', () => {
    expect(shown(bookOpened, accountOpened('cash'))).toEqual([{ account: 'cash', open: true, balances: [] }])
  })

  test('sums its postings in each commodity, in the order in which those first came', () => {
    const first = entry('t1', posting('cash', '-1.50'), posting('cash', '10', 'USD'), posting('shop', '1.5'))
    const then = entry('t2', posting('cash', '0.250'), posting('cash', '0.250'), posting('shop', '-0.5'))
    expect(shown(...bookWith('cash'), posted(first), posted(then))[0]).toEqual({
      account: 'cash',
      open: true,
      balances: [
        { account: 'cash', commodity: 'EUR', amount: '-1.000' },
        { account: 'cash', commodity: 'USD', amount: '10' },
      ],
    })
  })

  test('is the sum of its postings one by one, however they came together', () => {
    const amounts = fc.constantFrom('0', '-0', '1', '-1', '007', '0.50', '-2.125', '12345678901234567890.1')
    const postings = fc.array(
      fc.record({
        account: fc.constantFrom('cash', 'shop'),
        amount: amounts,
        commodity: fc.constantFrom('A', 'B', '', '__proto__'),
      }),
    )
    fc.assert(
      fc.property(fc.array(postings, { maxLength: 6 }), (transactions) => {
        const sums = new Map<string, string>()
        for (const { account, commodity, amount } of transactions.flat()) {
          const before = sums.get(commodity)
          if (account === 'cash') sums.set(commodity, before === undefined ? amount : addText(before, amount))
        }
        const rows = rowsOf(
          bookOpened,
          accountOpened('cash'),
          ...transactions.map((each, at) => posted(entry(`t${at}`, ...each))),
        )
        expect(rows[0]?.balances).toEqual([...sums].map(([commodity, amount]) => ({ commodity, amount })))
      }),
    )
  })

  test('is looked at once a transaction, however many commodities and postings meet', () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `C${at}`)
    const posts = (amount: string) => names.map((name) => posting('cash', amount, name))
    const all = [
      accountOpened('cash'),
      posted(entry('t1', ...posts('1'))),
      posted(entry('t2', ...posts('2').reverse())),
    ]
    const [, full, more] = logOf(all)
    const key = { book: 'main', account: 'cash' }
    const row = accounts.fold(undefined, full!, key) as ReturnType<typeof rowsOf>[number]
    let reads = 0
    const watched = row.balances.map(
      (each) =>
        new Proxy(each, {
          get: (of, name): unknown => {
            reads += 1
            return Reflect.get(of, name)
          },
        }),
    )
    const after = accounts.fold({ ...row, balances: watched }, more!, key)
    expect(after).toEqual({ ...row, balances: names.map((commodity) => ({ commodity, amount: '3' })) })
    expect(reads).toBeLessThan(20 * names.length)
  })

  test('outlives closing', () => {
    const history = [...bookWith('cash', 'shop'), posted(transfer('t1', 'cash', 'shop', '5')), accountClosed('cash')]
    expect(shown(...history)[0]).toMatchObject({ open: false, balances: [{ amount: '-5' }] })
    expect(shown(...history, accountOpened('cash'))[0]).toMatchObject({ open: true, balances: [{ amount: '-5' }] })
  })

  test('does not count what is held', () => {
    const history = [...bookWith('cash', 'shop'), holdPlaced(transfer('h1', 'cash', 'shop', '5'))]
    expect(shown(...history)[0]).toMatchObject({ balances: [] })
  })

  test('keeps the last limit that it was opened with', () => {
    const limit = { commodity: 'EUR', amount: '-5' }
    expect(rowsOf(bookOpened, accountOpened('cash', limit))).toMatchObject([{ lowest_balance: [limit] }])
    const again = [accountOpened('cash', limit), accountClosed('cash'), accountOpened('cash')]
    expect(rowsOf(bookOpened, ...again)).toMatchObject([{ lowest_balance: [] }])
  })

  test('is the book\u2019s own', () => {
    const [event] = logOf([accountOpened('cash')], 'other')
    expect(accounts.keys(event!)).toEqual([{ book: 'other', account: 'cash' }])
  })
})

describe('the balances of a book', () => {
  const rows = rowsOf(
    ...bookWith('b', 'a:x', 'a'),
    posted(
      entry('t1', posting('b', '-5.00'), posting('a:x', '4.00'), posting('a:x', '1', 'USD'), posting('a', '1.00')),
    ),
  )

  test('are sorted by account and commodity', () => {
    expect(balances.answer(rows, {})).toEqual({
      balances: [
        { account: 'a', commodity: 'EUR', amount: '1.00' },
        { account: 'a:x', commodity: 'EUR', amount: '4.00' },
        { account: 'a:x', commodity: 'USD', amount: '1' },
        { account: 'b', commodity: 'EUR', amount: '-5.00' },
      ],
    })
  })

  test('are rolled up the account tree when asked for', () => {
    expect(balances.answer(rows, { tree: 'true' })).toEqual({
      balances: [
        { account: 'a', commodity: 'EUR', amount: '5.00' },
        { account: 'a', commodity: 'USD', amount: '1' },
        { account: 'a:x', commodity: 'EUR', amount: '4.00' },
        { account: 'a:x', commodity: 'USD', amount: '1' },
        { account: 'b', commodity: 'EUR', amount: '-5.00' },
      ],
    })
    expect(balances.answer(rows, { tree: 'false' })).toEqual(balances.answer(rows, {}))
  })

  test('leave out accounts without postings', () => {
    expect(balances.answer(rowsOf(...bookWith('cash')), {})).toEqual({ balances: [] })
  })

  test('are narrowed by the beginning of the name', () => {
    expect(balances.prefix({})).toEqual({})
    expect(balances.prefix({ account: 'a:' })).toEqual({ account: 'a:' })
  })

  test('of part of a tree are those of the whole tree whose name begins so', () => {
    const names = fc
      .array(fc.constantFrom('a', 'ab', 'b', ''), { minLength: 1, maxLength: 3 })
      .map((it) => it.join(':'))
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 8 }), names, fc.boolean(), (all, start, tree) => {
        const events = all.map((name, at) =>
          posted(entry(`t${at}`, posting(name, `${at}.5`), posting('z', `-${at}.5`))),
        )
        const whole = rowsOf(bookOpened, ...events)
        const read = whole.filter((row) => row.account.startsWith(start))
        const query = tree ? { tree: 'true' } : {}
        const answers = balances.answer(whole, query) as { readonly balances: readonly { readonly account: string }[] }
        expect(balances.answer(read, { ...query, account: start })).toEqual({
          balances: answers.balances.filter(({ account }) => account.startsWith(start)),
        })
      }),
    )
  })
})
