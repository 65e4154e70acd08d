import fc from 'fast-check'
import { addText, compare, parseDecimal, type RecordedEvent } from '#domain-kit'
import { createMemoryStore, type EventStore } from '#event-store'
import { ledger } from '#ledger'
import { caughtUp, commandSender, eventually, MemoryCheckpoints, readLog, runReactor } from '#testing'

const BOOKS = ['west', 'east', 'north']
const commandOf = (name: string) => {
  const command = ledger.commands.find((each) => each.name === name)
  if (!command) throw new Error(`the ledger has no command "${name}"`)
  return command
}

/** Three books that settle with one another; `strict` takes nothing out, and from each other at most 50 on trust. */
async function openBooks(store: EventStore): Promise<void> {
  const send = commandSender(store)
  const open = commandOf('open-account')
  for (const book of BOOKS) {
    await send(commandOf('open-book'), book, { book })
    for (const account of ['cash', 'closed']) await send(open, book, { account })
    await send(commandOf('close-account'), book, { account: 'closed' })
    for (const other of BOOKS.filter((each) => each !== book)) {
      const lowestBalance = [{ commodity: 'EUR', amount: '-50' }]
      await send(open, book, { account: `transfers:${other}`, lowestBalance })
    }
    await send(open, book, { account: 'transfers:nowhere' })
  }
}

/** Stands for the account with the other book. */
const SETTLING = 'settling'
const transfers = fc.array(
  fc
    .record({
      from: fc.constantFrom(...BOOKS),
      account: fc.constantFrom('cash', 'cash', 'cash', SETTLING),
      to: fc.constantFrom(...BOOKS, 'nowhere'),
      toAccount: fc.constantFrom('cash', 'cash', 'cash', SETTLING, 'closed', 'never'),
      amount: fc.integer({ min: 1, max: 4_000 }).map((cents) => (cents / 100).toFixed(2)),
    })
    .map(({ from, account, to, toAccount, amount }) => ({
      ...{ from, to, amount },
      account: account === SETTLING ? `transfers:${to}` : account,
      toAccount: toAccount === SETTLING ? `transfers:${from}` : toAccount,
    })),
  { minLength: 1, maxLength: 25 },
)

type Data = Readonly<Record<string, string>> & { readonly postings: readonly { account: string; amount: string }[] }
const dataOf = ({ data }: RecordedEvent): Data => data as unknown as Data

function balancesOf(events: readonly RecordedEvent[]): Map<string, string> {
  const balances = new Map<string, string>()
  for (const event of events.filter(({ type }) => type === 'TransactionPosted'))
    for (const { account, amount } of dataOf(event).postings) {
      const key = `${event.aggregateId} ${account}`
      balances.set(key, addText(balances.get(key) ?? '0', amount))
    }
  return balances
}

const sumOf = (balances: ReadonlyMap<string, string>, of: (key: string) => boolean): string =>
  [...balances].filter(([key]) => of(key)).reduce((sum, [, amount]) => addText(sum, amount), '0')
const isZero = (amount: string): boolean => compare(parseDecimal(amount), parseDecimal('0')) === 0

function check(events: readonly RecordedEvent[]): void {
  const balances = balancesOf(events)
  for (const book of BOOKS) expect(isZero(sumOf(balances, (key) => key.startsWith(`${book} `)))).toBe(true)
  expect(isZero(sumOf(balances, (key) => key.endsWith(' cash')))).toBe(true)
  for (const a of BOOKS)
    for (const b of BOOKS)
      expect(addText(balances.get(`${a} transfers:${b}`) ?? '0', balances.get(`${b} transfers:${a}`) ?? '0')).toMatch(
        /^0(\.0+)?$/,
      )
  const posted = events.filter(({ type }) => type === 'TransactionPosted')
  expect(new Set(posted.map((each) => `${each.aggregateId} ${dataOf(each)['id']}`)).size).toBe(posted.length)
  const named = (type: string): string[] =>
    events
      .filter((each) => each.type === type)
      .map((each) => JSON.stringify([dataOf(each)['from'] ?? each.aggregateId, dataOf(each)['id']]))
      .sort()
  expect(named('TransferCompleted')).toEqual(named('TransferReceived'))
  expect(named('TransferRefunded')).toEqual(named('TransferDeclined'))
  expect([...named('TransferReceived'), ...named('TransferDeclined')].sort()).toEqual(named('TransferRequested'))
}

test('whatever is sent between books, refused there, and interrupted: no money is lost, made or moved twice', async () => {
  await fc.assert(
    fc.asyncProperty(transfers, fc.nat({ max: 40 }), async (wanted, crashAt) => {
      const store = createMemoryStore()
      const checkpoints = new MemoryCheckpoints()
      await openBooks(store)
      checkpoints.failing = () => Promise.resolve()
      const first = runReactor(store, [ledger], checkpoints)
      const send = commandSender(store)
      const request = commandOf('request-transfer')
      const outcomes = await Promise.allSettled(
        wanted.map(({ from, ...body }, at) =>
          send(request, from, { ...body, id: `t${at}`, date: '2026-11-23', commodity: 'EUR' }),
        ),
      )
      const accepted = outcomes.filter(({ status }) => status === 'fulfilled').length
      await eventually('it was sent so far', () => first.sent.length >= Math.min(crashAt, accepted))
      await first.crash()
      checkpoints.failing = undefined
      const second = runReactor(store, [ledger], checkpoints)
      await caughtUp(second, store)
      await second.close()
      const events = await readLog(store)
      expect(events.filter(({ type }) => type === 'TransferRequested')).toHaveLength(accepted)
      check(events)
    }),
    { numRuns: 20 },
  )
})
