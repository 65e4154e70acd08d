import { ledger } from '#ledger'
import { type NamedResource, ResourceCatalogue } from '#read-models'
import { Problem } from '#runtime'
import { EnclosedReads } from './enclosed-reads.js'
import { type LiveReading } from './live-reads.js'

const named = new ResourceCatalogue([ledger]).find('/v1/ledger/books/main/accounts/a/statement')!
const fresh = { minPosition: 9n }
const asked: unknown[] = []
let found: () => Promise<unknown>

const note = (of: string, { readable, params }: NamedResource, { minPosition }: typeof fresh): number =>
  asked.push([of, readable.table.name, readable.within?.table.name, params, minPosition])
const reader = {
  document: (of: NamedResource, how: typeof fresh) => {
    note('document', of, how)
    return found()
  },
  list: (of: NamedResource, _: unknown, how: typeof fresh) => Promise.resolve(note('list', of, how)),
} as unknown as LiveReading
const list = (isApart: boolean): Promise<unknown> =>
  new EnclosedReads(reader, () => isApart).list(named, { limit: 1, where: [] }, fresh)

beforeEach(() => {
  asked.splice(0)
  found = () => Promise.resolve({})
})

test('what goes with its document is read together with it', async () => {
  await list(false)
  expect(asked).toEqual([['list', 'lines', 'accounts', named.params, 9n]])
})

test('else the document is asked for where it stands, and the rest alone', async () => {
  await list(true)
  expect(asked).toEqual([
    ['document', 'accounts', undefined, named.params, 0n],
    ['list', 'lines', undefined, named.params, 9n],
  ])
})

test.each([
  ['8', 'not-fresh-enough'],
  ['9', 'not-found'],
])('a document that was not there at %s of 9 is %s', async (position, code) => {
  found = () => Promise.reject(Problem.of('not-found', 'no', { headers: { 'headwater-position': position } }))
  await expect(list(true)).rejects.toMatchObject({ code })
  expect(asked).toHaveLength(1)
})
