import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { addText, compare, parseDecimal } from '#domain-kit'
import { System } from './system.js'

interface Balance {
  readonly account: string
  readonly commodity: string
  readonly amount: string
}

const shared = (name: string): string => resolve('..', 'shared', 'data', 'hledger', name)
const byName = (a: Balance, b: Balance): number =>
  a.account < b.account ? -1 : a.account > b.account ? 1 : a.commodity < b.commodity ? -1 : 1

async function balancesAt(system: System, book: string, position: string): Promise<Balance[]> {
  const { status, body } = await system.get(`/v1/ledger/books/${book}/balances`, {
    headers: { 'headwater-min-position': position },
  })
  expect(status).toBe(200)
  return (body['balances'] as Balance[]).sort(byName)
}

describe.each(['sample', 'Cody', 'multicurrency', '1ktxns-100accts'])('the journal %s', (name) => {
  test('imported twice has the balances that hledger computes, once', async () => {
    const system = await System.open()
    const book = `${name}-${Date.now().toString(36)}`
    const first = await system.cli('import', 'hledger', shared(`${name}.json`), '--book', book)
    expect(first.code).toBe(0)
    const line = JSON.parse(first.stdout) as Record<string, unknown>
    expect(line).toMatchObject({ book, refused: 0, replayed: 0, imported: line['transactions'] })
    const again = await system.cli('import', 'hledger', shared(`${name}.json`), '--book', book)
    expect(JSON.parse(again.stdout)).toMatchObject({ imported: 0, replayed: line['transactions'], refused: 0 })

    const expected = (JSON.parse(readFileSync(shared(`${name}.balances.json`), 'utf8')) as Balance[]).sort(byName)
    const actual = await balancesAt(system, book, String(line['position']))
    expect(actual.map(({ account, commodity }) => [account, commodity])).toEqual(
      expected.map(({ account, commodity }) => [account, commodity]),
    )
    const wrong = actual.filter(
      ({ amount }, at) => compare(parseDecimal(amount), parseDecimal(expected[at]?.amount ?? '')) !== 0,
    )
    expect(wrong).toEqual([])
  })
})

test('rolled up the account tree, a parent holds the sum of what is below it', async () => {
  const system = await System.open()
  const book = await system.newBook('assets:bank', 'assets:cash', 'income')
  const postings = [
    { account: 'assets:bank', amount: '10.50', commodity: 'EUR' },
    { account: 'assets:cash', amount: '2', commodity: 'EUR' },
    { account: 'income', amount: '-12.50', commodity: 'EUR' },
  ]
  const { body } = await system.post(`/v1/ledger/books/${book}/transactions`, { id: '1', date: '2026-01-01', postings })
  const headers = { 'headwater-min-position': String(body['position']) }
  const tree = await system.get(`/v1/ledger/books/${book}/balances?tree=true&account=assets`, { headers })
  expect(tree.body['balances']).toEqual([
    { account: 'assets', commodity: 'EUR', amount: addText('10.50', '2') },
    { account: 'assets:bank', commodity: 'EUR', amount: '10.50' },
    { account: 'assets:cash', commodity: 'EUR', amount: '2' },
  ])
})
