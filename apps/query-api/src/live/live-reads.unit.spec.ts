import { type Answer, type NamedResource, type Reader } from '#read-models'
import { Problem } from '#runtime'
import { LiveReads, type LiveReadsOptions } from './live-reads.js'

/** A read that is under way, and ends when the test says so. */
interface Read {
  readonly of: string
  answer(): void
  fail(): void
}

let begun: Read[]
const table = { id: 'books', names: ['book'], keys: ['book'], projection: {}, sql: 'books' }
const named = (book: string): NamedResource =>
  ({ readable: { path: '/books/{book}', table }, params: { book } }) as unknown as NamedResource

const begin = (of: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    begun.push({
      of,
      answer: () => resolve({ data: { of } } as unknown as Answer),
      fail: () => reject(Problem.of('not-fresh-enough', 'no')),
    })
  })

const reader = {
  document: ({ params }: NamedResource) => begin(String(params['book'])),
  collection: ({ params }: NamedResource) => begin(String(params['book'])),
  snapshot: (_: unknown, __: unknown, minPosition: bigint) => begin(`position ${minPosition}`),
} as unknown as Reader

/** What is told of is known up to position 9. */
const readsOf = (options: Pick<LiveReadsOptions, 'running_max' | 'waiting_max'>): LiveReads =>
  new LiveReads(reader, { ...options, isAhead: (_, position) => position > 9n })

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const names = (): string[] => begun.map(({ of }) => of)

beforeEach(() => {
  begun = []
})

test('so many reads at a time, the others in the order of asking, whether one fails or not', async () => {
  const reads = readsOf({ running_max: 2 })
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
  const reads = readsOf({ running_max: 100 })
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

describe('what asks for a position that is still to come', () => {
  const far = { minPosition: 10n }
  const near = { minPosition: 9n }

  test('keeps nobody from reading while it waits, and reads in turn when it has come', async () => {
    const reads = readsOf({ running_max: 1 })
    const waits = [reads.document(named('a'), far), reads.collection(named('b'), { filter: {} }, far)]
    await settled()
    expect(names()).toEqual(['a', 'position 10'])
    const reading = [reads.document(named('c'), near), reads.document(named('d'), near)]
    await settled()
    expect(names().slice(2)).toEqual(['c'])
    begun[1]?.answer()
    await settled()
    expect(names().slice(2)).toEqual(['c'])
    for (let at = 0; at < 5; at += 1) {
      begun[at]?.answer()
      await settled()
    }
    expect(names().slice(2)).toEqual(['c', 'd', 'b'])
    expect((await Promise.all([...waits, ...reading])).length).toBe(4)
  })

  test('is refused beyond a bound, and fails when it does not come', async () => {
    const reads = readsOf({ running_max: 1, waiting_max: 2 })
    const waits = [reads.document(named('a'), far), reads.collection(named('b'), { filter: {} }, far)]
    const ended = Promise.allSettled(waits)
    await expect(reads.document(named('c'), far)).rejects.toMatchObject({ code: 'overloaded', status: 503 })
    await settled()
    for (const each of begun) each.fail()
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(begun).toHaveLength(2)
    void reads.document(named('c'), far)
    await settled()
    expect(names().at(-1)).toBe('c')
  })
})
