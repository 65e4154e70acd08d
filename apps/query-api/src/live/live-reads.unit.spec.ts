import { type Answer, type NamedResource } from '#read-models'
import { type LiveReading, LiveReads } from './live-reads.js'

/** A read that is under way, and ends when the test says so. */
interface Read {
  readonly of: string
  answer(): void
  fail(): void
}

let begun: Read[]
const named = (book: string): NamedResource =>
  ({ readable: { path: '/books/{book}' }, params: { book } }) as unknown as NamedResource

const reader = {
  document: ({ params }: NamedResource) =>
    new Promise<Answer>((resolve, reject) => {
      const of = String(params['book'])
      begun.push({
        of,
        answer: () => resolve({ data: { of } } as unknown as Answer),
        fail: () => reject(new Error('no')),
      })
    }),
} as unknown as LiveReading

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const names = (): string[] => begun.map(({ of }) => of)

beforeEach(() => {
  begun = []
})

test('so many reads at a time, the others in the order of asking, whether one fails or not', async () => {
  const reads = new LiveReads(reader, 2)
  const all = ['a', 'b', 'c', 'd', 'e'].map((book) => reads.document(named(book), { minPosition: 1n }))
  const ended = Promise.allSettled(all)
  await settled()
  expect(names()).toEqual(['a', 'b'])
  begun[1]?.fail()
  await settled()
  expect(names()).toEqual(['a', 'b', 'c'])
  begun[0]?.answer()
  begun[2]?.answer()
  await settled()
  expect(names()).toEqual(['a', 'b', 'c', 'd', 'e'])
  for (const each of begun) each.answer()
  expect((await ended).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    ...['fulfilled', 'fulfilled', 'fulfilled'],
  ])
  void reads.document(named('f'), { minPosition: 1n })
  await settled()
  expect(names().at(-1)).toBe('f')
})

test('who asks for the same, as fresh, takes part in one read; anybody else does not', async () => {
  const reads = new LiveReads(reader, 100)
  const same = Array.from({ length: 500 }, () => reads.document(named('a'), { minPosition: 1n }))
  void reads.document(named('a'), { minPosition: 2n })
  void reads.document(named('b'), { minPosition: 1n })
  void reads.document(named('a'), { minPosition: 1n }, { position: 1n })
  await settled()
  expect(names()).toEqual(['a', 'a', 'b', 'a'])
  for (const each of begun) each.answer()
  const answers = await Promise.all(same)
  expect(new Set(answers).size).toBe(1)
  void reads.document(named('a'), { minPosition: 1n })
  await settled()
  expect(names()).toEqual(['a', 'a', 'b', 'a', 'a'])
})
