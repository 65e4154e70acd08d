import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CommandHandler } from '#commands'
import { add, formatDecimal, parseDecimal, ZERO, type Decimal } from '#domain-kit'
import { createMemoryStore, type EventStore } from '#event-store'
import { validateDto } from '#http-api'
import { ledger } from '#ledger'
import { Problem } from '#runtime'
import { importFile } from './import-file.js'
import { importHledger, type ImportProgress, type Refusal } from './import-hledger.js'

const DATA = resolve(process.cwd(), '../shared/data/hledger')
const BALANCES = [{ name: 'sample' }, { name: 'Cody' }, { name: 'multicurrency' }, { name: '1ktxns-100accts' }]

interface Line {
  readonly key: string
  readonly command: string
  readonly target: string
  readonly body: object
}

let store: EventStore
let server: Server
let lines: Line[]
let url: string

/** One line through the real validation, decider and idempotency, upon a log in memory. */
async function decide(handler: CommandHandler, { key, command: name, target, body }: Line): Promise<object> {
  const command = ledger.commands.find((each) => `ledger.${each.name}` === name)
  if (!command) return { key, status: 400, problem: { detail: `no command ${name}` } }
  try {
    const checked = name === 'ledger.open-book' ? { ...body, book: target } : body
    validateDto(command.body, checked, 'body')
    const outcome = await handler.execute({ command, name, target, body: checked, key, metadata: {} })
    if (outcome.kind === 'accepted') {
      return { key, status: 201, position: outcome.place.position.toString(), replayed: outcome.replayed }
    }
    if (outcome.kind !== 'rejected') return { key, status: 500, problem: { detail: outcome.kind } }
    return { key, status: command.rejections[outcome.rejection.code], problem: outcome.rejection }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { key, status: error.status, problem: error.details('/v1/commands') }
  }
}

async function run(handler: CommandHandler, request: IncomingMessage): Promise<string> {
  const received = (await text(request)).split('\n').filter(Boolean)
  const parsed = received.map((each) => JSON.parse(each) as Line)
  lines.push(...parsed)
  const results = await Promise.all(parsed.map((line) => decide(handler, line)))
  return results.map((each) => `${JSON.stringify(each)}\n`).join('')
}

beforeEach(async () => {
  store = createMemoryStore()
  lines = []
  const handler = new CommandHandler({ store })
  server = createServer((request, response) => {
    const { url: path, method, headers } = request
    const expected = path === '/v1/commands' && method === 'POST' && headers['content-type'] === 'application/x-ndjson'
    if (!expected || headers.authorization !== 'Bearer good') response.writeHead(401).end('{"detail": "no"}')
    else void run(handler, request).then((answer) => response.end(answer))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await new Promise((done) => server.close(done))
  await store.close()
})

const file = (name: string): Buffer => readFileSync(join(DATA, `${name}.json`))

interface Watch {
  readonly token?: string
  readonly onProgress?: (progress: ImportProgress) => void
  readonly onRefused?: (refusal: Refusal) => void
}

async function importBytes(bytes: Buffer | string, { token = 'good', onProgress, onRefused }: Watch = {}) {
  return importHledger({
    journal: { name: 'the journal', bytes: Readable.from([Buffer.from(bytes)]) },
    book: 'main',
    commandsUrl: url,
    token: () => Promise.resolve(token),
    onProgress,
    onRefused: onRefused ?? (() => undefined),
    onNotice: () => undefined,
  })
}

/** `account commodity` → amount without needless zeros, folded from the log. */
async function balances(): Promise<Map<string, string>> {
  const sums = new Map<string, Decimal>()
  for await (const { type, data } of store.readAll()) {
    if (type !== 'TransactionPosted') continue
    const { postings } = data as { postings: { account: string; commodity: string; amount: string }[] }
    for (const { account, commodity, amount } of postings) {
      const name = `${account} ${commodity}`
      sums.set(name, add(sums.get(name) ?? ZERO, parseDecimal(amount)))
    }
  }
  return new Map([...sums].map(([name, sum]) => [name, shortest(formatDecimal(sum))]))
}

const shortest = (amount: string): string => (amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount)

function expectedBalances(name: string): Map<string, string> {
  const listed = JSON.parse(file(`${name}.balances`).toString()) as Record<'account' | 'commodity' | 'amount', string>[]
  return new Map(listed.map(({ account, commodity, amount }) => [`${account} ${commodity}`, amount]))
}

const counts = ({ posted, replayed, refused }: ImportProgress): number[] => [posted, replayed, refused]

test.each(BALANCES)('$name comes to the balances that hledger has', async ({ name }) => {
  const summary = await importBytes(file(name))
  expect(counts(summary)).toEqual([summary.transactions, 0, 0])
  expect(summary.position).toBe(await store.head())
  expect(await balances()).toEqual(expectedBalances(name))
})

test.each(BALANCES)('$name imported twice changes nothing', async ({ name }) => {
  const { transactions } = await importBytes(file(name))
  const head = await store.head()
  expect(counts(await importBytes(file(name)))).toEqual([0, transactions, 0])
  expect(await store.head()).toBe(head)
})

test('a line is what WIRE.md says, and book and accounts are opened before they are used', async () => {
  await importBytes(file('sample'))
  expect(lines.slice(0, 4).map(({ command, target }) => `${command} ${target}`)).toEqual([
    'ledger.open-book main',
    'ledger.open-account main',
    'ledger.open-account main',
    'ledger.post-transaction main',
  ])
  const { key, body, ...rest } = lines[3]!
  expect(rest).toEqual({ command: 'ledger.post-transaction', target: 'main' })
  expect(body).toMatchObject({ id: key, date: '2008-01-01', description: 'income' })
})

/** Changes the parsed journal `sample`; small numbers only, so that JSON.parse does no harm. */
function sample(change: (transactions: Record<string, unknown>[]) => unknown[]): string {
  return JSON.stringify(change(JSON.parse(file('sample').toString()) as Record<string, unknown>[]))
}

test('a journal that has grown, with the same transaction once more, adds what is new', async () => {
  await importBytes(file('sample'))
  const grown = sample((all) => [...all, all[0]!, { ...all[1]!, tdescription: 'new' }])
  expect(counts(await importBytes(grown))).toEqual([2, 5, 0])
})

test('a book and accounts that others have opened are taken as they are', async () => {
  const handler = new CommandHandler({ store })
  const target = 'main'
  await decide(handler, { key: 'x', command: 'ledger.open-book', target, body: {} })
  await decide(handler, { key: 'y', command: 'ledger.open-account', target, body: { account: 'assets:bank:checking' } })
  expect(counts(await importBytes(file('sample')))).toEqual([5, 0, 0])
})

test('a refused transaction stops nothing and is named with its index and reason', async () => {
  const journal = sample((all) => {
    const virtual = (all[1]!['tpostings'] as object[]).map((each) => ({ ...each, ptype: 'VirtualPosting' }))
    const half = (all[3]!['tpostings'] as object[]).slice(0, 1).flatMap((each) => [each, each])
    return [all[0], { ...all[1], tpostings: virtual }, all[2], { ...all[3], tpostings: half }, all[4]]
  })
  const progress = jest.fn<undefined, [ImportProgress]>()
  const refusals: Refusal[] = []
  const onRefused = (refusal: Refusal): unknown => refusals.push(refusal)
  const summary = await importBytes(journal, { onProgress: progress, onRefused })
  expect(summary).toMatchObject({ transactions: 5, posted: 3, replayed: 0, refused: 2 })
  expect(refusals.map(({ index, reason }) => `${index} ${reason}`)).toEqual([
    expect.stringMatching(/^1 posting 1 \(.*\) is an unbalanced virtual posting/),
    expect.stringMatching(/^3 .*sums to .*\(unbalanced, 422\)$/),
  ])
  expect(progress).toHaveBeenCalledTimes(5)
  expect(progress.mock.lastCall?.[0]).toMatchObject({ transactions: 5, posted: 3, refused: 2 })
})

test.each([
  ['cut off', ',{"tdate":'],
  ['no JSON', ',}]'],
  ['of another shape', ',{"tdate":5}]'],
])('of a journal that from some place on is %s, what came before is posted', async (_, rest) => {
  const whole = sample((all) => all.slice(0, 3))
  await expect(importBytes(whole.slice(0, -1) + rest)).rejects.toThrow('the journal: ')
  expect(lines.filter(({ command }) => command === 'ledger.post-transaction')).toHaveLength(3)
  expect(counts(await importBytes(whole))).toEqual([0, 3, 0])
})

test('names of any script and empty commodities arrive as they are', async () => {
  const text = file('sample')
    .toString()
    .replaceAll('assets:cash', '資産:現金 🏦')
    .replaceAll('"acommodity":"$"', '"acommodity":""')
  expect(counts(await importBytes(text))).toEqual([5, 0, 0])
  expect((await balances()).get('資産:現金 🏦 ')).toBe('-2')
})

test('a wrong token ends the import with the server’s reason', async () => {
  await expect(importBytes(file('sample'), { token: 'bad' })).rejects.toThrow('no (401)')
})

test('the command line’s face counts refusals and says each one', async () => {
  const notices: string[] = []
  const lonely = Readable.from([Buffer.from(sample(([first]) => [{ ...first, tpostings: [] }]))])
  const options = { input: '-', stdin: lonely as AsyncIterable<Buffer>, book: 'main', commandsUrl: url }
  const line = await importFile({
    ...options,
    token: () => Promise.resolve('good'),
    onNotice: (notice) => notices.push(notice),
  })
  expect(line).toEqual({ book: 'main', transactions: 1, imported: 0, replayed: 0, refused: 1, position: '1' })
  expect(notices).toEqual([expect.stringMatching(/^refused: 2008-01-01 income .*: it has 0 postings with an amount/)])
})
