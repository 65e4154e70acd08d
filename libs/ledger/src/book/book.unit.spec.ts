import fc from 'fast-check'
import { CommandHandler } from '#commands'
import { addText, type AnyCommand, compare, evolve, parseDecimal, type RecordedOf, ZERO } from '#domain-kit'
import { createMemoryStore } from '#event-store'
import { captureHold } from '../commands/capture-hold.js'
import { closeAccount } from '../commands/close-account.js'
import { openAccount } from '../commands/open-account.js'
import { openBook } from '../commands/open-book.js'
import { placeHold } from '../commands/place-hold.js'
import { postTransaction } from '../commands/post-transaction.js'
import { releaseHold } from '../commands/release-hold.js'
import { reverseTransaction } from '../commands/reverse-transaction.js'
import { DAY, entry, posting } from '../fixtures/book-events.js'
import { book, type BookState } from './book.js'
import { type BookEvent } from './events.js'

/** What somebody may ask of a small book, sensible or not. */
type Wish = readonly [command: AnyCommand, body: object]

const ACCOUNTS = ['cash', 'bank', 'shop', '__proto__'] as const
/** These may not come below zero in EUR. */
const LIMITED = ['cash', 'bank'] as const

const account = fc.constantFrom(...ACCOUNTS)
const id = fc.nat(8).map((n) => `id-${n}`)
const cents = (n: number): string => (n / 100).toFixed(2)
const some = fc
  .record({
    id,
    from: account,
    over: account,
    to: account,
    out: fc.nat(5_000),
    kept: fc.nat(5_000),
    dollars: fc.boolean(),
  })
  .map(({ id, from, over, to, out, kept, dollars }) => {
    const commodity = dollars ? 'USD' : 'EUR'
    const amounts = [-out - kept, kept, out].map(cents)
    return entry(id, ...[from, over, to].map((name, at) => posting(name, amounts[at] as string, commodity)))
  })
const hold = id.map((name) => ({ hold: name }))

const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 6, arbitrary: some.map((body): Wish => [postTransaction, body]) },
  { weight: 4, arbitrary: some.map((body): Wish => [placeHold, body]) },
  fc.tuple(hold, id).map(([body, as]): Wish => [captureHold, { ...body, id: `capture-${as}` }]),
  hold.map((body): Wish => [releaseHold, body]),
  fc.tuple(id, id).map(([transaction, as]): Wish => [reverseTransaction, { transaction, id: `undo-${as}`, date: DAY }]),
  account.map((name): Wish => [closeAccount, { account: name }]),
  account.map((name): Wish => [openAccount, { account: name, lowestBalance: lowestOf(name) }]),
)

function lowestOf(name: string): object[] {
  return LIMITED.some((each) => each === name) ? [{ commodity: 'EUR', amount: '0' }] : []
}

/** A book in which everything that was accepted has happened. */
async function history(wishes: readonly Wish[]) {
  const store = createMemoryStore()
  const handler = new CommandHandler({ store })
  let keys = 0
  const send = async ([command, body]: Wish) =>
    handler.execute({ command, name: command.name, target: 'main', body, key: `key-${(keys += 1)}`, metadata: {} })
  await send([openBook, { book: 'main' }])
  for (const name of ACCOUNTS) await send([openAccount, { account: name, lowestBalance: lowestOf(name) }])
  await send([postTransaction, entry('capital', posting('shop', '-20000.00'), posting('cash', '20000.00'))])
  for (const each of wishes) await send(each)
  const read = async (): Promise<RecordedOf<BookEvent>[]> => {
    const events: RecordedOf<BookEvent>[] = []
    for await (const event of store.readAll()) events.push(event as RecordedOf<BookEvent>)
    return events
  }
  return { send, read }
}

const fold = (events: readonly RecordedOf<BookEvent>[]): BookState =>
  events.reduce<BookState>((state, event) => evolve(book, state, event), book.initial)

/** `account commodity` → amount, with zeros left out and digits that do not count. */
function significant(sums: Iterable<readonly [string, string]>): Map<string, string> {
  return new Map(
    [...sums]
      .map(([key, amount]) => [key, amount.replace(/\.?0+$/, (end) => (amount.includes('.') ? '' : end))] as const)
      .filter(([, amount]) => compare(parseDecimal(amount), ZERO) !== 0)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function balancesOf(state: BookState): Map<string, string> {
  return significant(
    [...state.accounts].flatMap(([name, { balances }]) =>
      [...balances].map(([commodity, amount]) => [`${name} ${commodity}`, amount] as const),
    ),
  )
}

const histories = fc.array(wish, { maxLength: 40 })
const runs = { numRuns: 60 }

test('the balances of a book are the sums of its postings, and all together nothing', async () => {
  let posted = 0
  await fc.assert(
    fc.asyncProperty(histories, async (wishes) => {
      const events = await (await history(wishes)).read()
      const postings = events.flatMap(({ type, data }) => (type === 'TransactionPosted' ? data.postings : []))
      const sums = new Map<string, string>()
      for (const { account: name, commodity, amount } of postings)
        sums.set(`${name} ${commodity}`, addText(sums.get(`${name} ${commodity}`) ?? '0', amount))
      expect(balancesOf(fold(events))).toEqual(significant(sums))
      for (const commodity of ['EUR', 'USD'])
        expect(
          [...sums]
            .filter(([key]) => key.endsWith(commodity))
            .map(([, amount]) => amount)
            .reduce(addText, '0'),
        ).toMatch(/^0(\.00)?$/)
      posted += postings.length
    }),
    runs,
  )
  expect(posted).toBeGreaterThan(100)
})

test('no account comes below its lowest balance, and every open hold can still be captured', async () => {
  let captured = 0
  await fc.assert(
    fc.asyncProperty(histories, async (wishes) => {
      const { send, read } = await history(wishes)
      const { holds } = fold(await read())
      for (const [name] of holds) {
        expect(await send([captureHold, { hold: name, id: `late-${name}` }])).toMatchObject({ kind: 'accepted' })
        captured += 1
      }
      const events = await read()
      events.forEach((_, at) => {
        const { accounts } = fold(events.slice(0, at + 1))
        for (const name of LIMITED) expect(accounts.get(name)?.balances.get('EUR') ?? '0').not.toMatch(/^-/)
      })
      for (const [, { held }] of fold(events).accounts) expect([...significant(held)]).toEqual([])
    }),
    runs,
  )
  expect(captured).toBeGreaterThan(20)
})

test('what is held is the sum of what open holds take out', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (wishes) => {
      const { accounts, holds } = fold(await (await history(wishes)).read())
      const expected = new Map<string, string>()
      for (const [, { postings }] of holds)
        for (const { account: name, commodity, amount } of postings)
          if (amount.startsWith('-'))
            expected.set(`${name} ${commodity}`, addText(expected.get(`${name} ${commodity}`) ?? '0', amount))
      const held = [...accounts].flatMap(([name, each]) =>
        [...each.held].map(([commodity, amount]) => [`${name} ${commodity}`, amount] as const),
      )
      expect(significant(held)).toEqual(significant(expected))
    }),
    runs,
  )
})

test('folding changes no state that was there before', () => {
  const before = book.initial
  evolve(book, before, { type: 'BookOpened', data: {} })
  evolve(book, before, { type: 'AccountOpened', data: { account: 'cash' } })
  expect(before).toMatchObject({ isOpen: false, accounts: { size: 0 }, holds: { size: 0 } })
})
