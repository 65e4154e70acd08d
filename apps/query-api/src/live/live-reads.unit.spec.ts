import { type Answer, type NamedResource, type Reader } from '#read-models'
import { Problem } from '#runtime'
import { type Asker, type LiveReading, LiveReads, type LiveReadsOptions } from './live-reads.js'

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
  missed: ({ params }: NamedResource) => begin(String(params['book'])),
  snapshot: (_: unknown, __: unknown, minPosition: bigint) => begin(`position ${minPosition}`),
} as unknown as Reader

/** What is told of is known up to position 9. */
const liveReads = (options: Omit<LiveReadsOptions, 'isAhead'>): LiveReads =>
  new LiveReads(reader, { ...options, isAhead: (_, position) => position > 9n })
const somebody: Asker = { subject: 'somebody', isGone: false }
const readsOf = (options: Omit<LiveReadsOptions, 'isAhead'>): LiveReading => liveReads(options).for(somebody)

const place = { position: 0n, ordinal: 0 }
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

test('what nobody waits for any more when its turn has come is not read; what one of many still waits for is', async () => {
  const reads = liveReads({ running_max: 1 })
  const [gone, staying] = [1, 2].map(() => ({ subject: 'somebody', isGone: false }))
  const near = { minPosition: 1n }
  void reads.for(somebody).document(named('a'), near)
  const dropped = [reads.for(gone!).document(named('b'), near), reads.for(gone!).missed(named('b'), place, 1, near)]
  const shared = [reads.for(gone!).document(named('c'), near), reads.for(staying!).document(named('c'), near)]
  const ended = Promise.allSettled(dropped)
  gone!.isGone = true
  begun[0]?.answer()
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await settled()
  expect(names()).toEqual(['a', 'c'])
  begun[1]?.answer()
  expect(await Promise.all(shared)).toHaveLength(2)
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

  test('leaves room for other subjects, and may be asked for again when it has come', async () => {
    const reads = liveReads({ running_max: 1, waiting_max: 3, waiting_of_subject_max: 2 })
    const [ann, ben] = ['ann', 'ben'].map((subject) => reads.for({ subject, isGone: false }))
    const waits = ['a', 'b'].map((book) => ann!.document(named(book), far))
    await expect(ann!.document(named('c'), far)).rejects.toMatchObject({ code: 'overloaded', status: 503 })
    void ben!.document(named('c'), far)
    await expect(ben!.document(named('d'), far)).rejects.toMatchObject({ code: 'overloaded', status: 503 })
    for (const each of begun) each.answer()
    await Promise.all(waits)
    void ann!.document(named('e'), far)
    await settled()
    expect(names()).toEqual(['a', 'b', 'c', 'e'])
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
