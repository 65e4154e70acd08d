import { ledger } from '#ledger'
import { Problem } from '#runtime'
import { tablesOf } from '../tables/table.js'
import { Builds } from './builds.js'

const by = { actor: 'tester', action: 'rebuild' }
/** Nobody listens there. */
const builds = new Builds('postgres://nobody@127.0.0.1:1/none', tablesOf([ledger]), 'fleet')
afterAll(() => builds.close())

test.each<[string, () => Promise<unknown>]>([
  ['a list', () => builds.list()],
  ['the lanes', () => builds.lanes()],
  ['decisions', () => builds.decisions()],
  ['an operation', () => builds.rebuild('books', false, by)],
])('a database that is away is no bug, and may be asked again: %s', async (_, ask) => {
  const error: unknown = await ask().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Problem)
  expect(error).toMatchObject({ code: 'unavailable', headers: { 'retry-after': '1' } })
  expect((error as Problem).detail).toMatch(/^the database of the read models does not answer: .*ECONNREFUSED/)
})
