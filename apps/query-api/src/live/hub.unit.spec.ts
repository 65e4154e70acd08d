import { ledger } from '#ledger'
import { type NamedResource, ResourceCatalogue } from '#read-models'
import { LiveStage } from './fixtures/live-stage.js'
import { type Watcher } from './hub.js'

const catalogue = new ResourceCatalogue([ledger])
const named = (path: string): NamedResource => catalogue.find(`/v1/ledger/books/main${path}`)!
const never = (): Promise<never> => Promise.reject(new Error('nothing is read'))
const account = (name: string): unknown[] => ['main', name, true, [], []]

/** Says what it was told, or fails. */
function watching(path: string, told: string[], fails = false): Watcher {
  return {
    named: named(path),
    build: 1,
    changed: (_, position) => {
      told.push(`${path} ${position}`)
      if (fails) throw new Error('it cannot be told')
    },
    gap: () => told.push(`${path} gap`),
  }
}

test('who cannot be told reads anew, once; the others are told, and it is logged once', () => {
  const stage = new LiveStage([ledger], { read: never })
  const told: string[] = []
  for (const [path, fails] of [
    ['a', true],
    ['a', false],
    ['b', false],
  ] as const)
    stage.hub.watch(watching(`/balances/${path}`, told, fails))
  stage.tell('accounts.v1:accounts', 6, account('a'), account('b'))
  expect(told).toEqual(['/balances/a 6', '/balances/a gap', '/balances/a 6', '/balances/b 6'])
  stage.tell('accounts.v1:accounts', 7, account('a'))
  expect(told.slice(4)).toEqual(['/balances/a 7', '/balances/a gap', '/balances/a 7'])
  expect(stage.logged).toMatchObject([{ resource: '/v1/ledger/books/{book}/balances/{account}' }])
})

test('what has stopped is told of up to where it is; no source is further than that, nor than the feed', () => {
  const stage = new LiveStage([ledger], { read: never, own: { accounts: 5n } })
  const { hub } = stage
  const [balance, statement] = [named('/balances/a'), named('/accounts/a/statement')]
  const ahead = (of: NamedResource): boolean[] => [5n, 6n, 10n, 11n].map((position) => hub.isAhead(of, position))
  // Nothing was heard yet.
  expect(ahead(statement)).toEqual([false, false, false, false])
  stage.tell('books.v1:books', 10)
  expect([balance, statement].map((each) => hub.positionFor({ named: each }))).toEqual([5n, 10n])
  expect(ahead(balance)).toEqual([false, true, true, true])
  expect(ahead(statement)).toEqual([false, false, false, true])
  // A statement is that of an account.
  expect([balance, statement, named('/transactions')].map((each) => hub.isEnclosedApart(each))).toEqual([
    ...[false, true, false],
  ])
})
