import { type TransactionContent } from './convert-transaction.js'
import { TransactionIds } from './transaction-id.js'

const lunch: TransactionContent = {
  date: '2026-11-23',
  description: 'Lunch',
  postings: [
    { account: 'expenses:food', amount: '9.50', commodity: 'EUR' },
    { account: 'assets:cash', amount: '-9.50', commodity: 'EUR' },
  ],
}

test('the same lunch twice on one day is two lunches, and the same two the next time', () => {
  const first = new TransactionIds()
  const again = new TransactionIds()
  const ids = [first.next(lunch), first.next(lunch)]
  expect(new Set(ids).size).toBe(2)
  expect([again.next(lunch), again.next({ ...lunch })]).toEqual(ids)
})

test('what stands between or after two equal transactions does not rename them', () => {
  const short = new TransactionIds()
  const grown = new TransactionIds()
  const ids = [short.next(lunch), short.next(lunch)]
  const one = grown.next(lunch)
  grown.next({ ...lunch, description: 'Coffee' })
  expect([one, grown.next(lunch)]).toEqual(ids)
})

test.each<[string, Partial<TransactionContent>]>([
  ['date', { date: '2026-11-24' }],
  ['description', { description: 'Lünch' }],
  ['code', { code: '7' }],
  ['comment', { comment: 'Lunch' }],
  ['tags', { tags: { with: 'Ann' } }],
  ['postings', { postings: [...lunch.postings].reverse() }],
  [
    'cost',
    { postings: lunch.postings.map((each) => ({ ...each, cost: { kind: 'unit', amount: '1', commodity: '' } })) },
  ],
])('another %s is another transaction', (_, change) => {
  expect(new TransactionIds().next({ ...lunch, ...change })).not.toBe(new TransactionIds().next(lunch))
})

test('an id fits the 128 characters of the wire', () => {
  expect(new TransactionIds().next(lunch)).toMatch(/^hledger-[0-9a-f]{64}-1$/)
})
