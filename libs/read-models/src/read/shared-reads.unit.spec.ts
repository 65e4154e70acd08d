import { Problem } from '#runtime'
import { SharedReads } from './shared-reads.js'

interface Result {
  readonly position: bigint
}

/** A read whose answer comes when the test says so. */
class Source {
  readonly reads: ((position: bigint) => void)[] = []
  readonly read = (): Promise<Result> =>
    new Promise((resolve) => {
      this.reads.push((position) => resolve({ position }))
    })
}

let source: Source
let shared: SharedReads<Result>
beforeEach(() => {
  source = new Source()
  shared = new SharedReads()
})
const ask = (minPosition: bigint, row = 'a'): Promise<Result> => shared.read(row, minPosition, source.read, () => false)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('queries for one row at one time are one read, and a later one is another', async () => {
  const all = Promise.all(Array.from({ length: 100 }, () => ask(0n)))
  expect(source.reads).toHaveLength(1)
  source.reads[0]!(5n)
  expect(new Set(await all)).toEqual(new Set([{ position: 5n }]))
  void ask(0n)
  expect(source.reads).toHaveLength(2)
})

test('queries for two rows are two reads', () => {
  void ask(0n, 'a')
  void ask(0n, 'b')
  expect(source.reads).toHaveLength(2)
})

test('nobody waits for what another has asked for', () => {
  void ask(9n)
  void ask(3n)
  expect(source.reads).toHaveLength(2)
})

test('one that asks for more takes what comes if it is enough, and reads anew if not, together with its like', async () => {
  const first = ask(0n)
  const [enough, more, likewise] = [ask(4n), ask(8n), ask(8n)]
  expect(source.reads).toHaveLength(1)
  source.reads[0]!(5n)
  expect(await first).toEqual({ position: 5n })
  expect(await enough).toEqual({ position: 5n })
  await turn()
  expect(source.reads).toHaveLength(2)
  source.reads[1]!(8n)
  expect(await Promise.all([more, likewise])).toEqual([{ position: 8n }, { position: 8n }])
})

test('a read that fails fails those who share it, and nobody after', async () => {
  let attempts = 0
  const failing = (): Promise<Result> => Promise.reject(new Error(`attempt ${(attempts += 1)}`))
  const two = await Promise.allSettled([
    shared.read('a', 0n, failing, () => false),
    shared.read('a', 0n, failing, () => false),
  ])
  expect(two.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(shared.read('a', 0n, failing, () => false)).rejects.toThrow('attempt 2')
})

describe("when the time of the one that reads is up before another's", () => {
  const late = (): Problem => Problem.of('not-fresh-enough', 'not so far yet')
  /** Fails when the test says so; each with its own time. */
  const failures: (() => void)[] = []
  const read = (): Promise<Result> => new Promise((_, reject) => failures.push(() => reject(late())))
  beforeEach(() => failures.splice(0))

  test('the other one reads anew, those with it take part, and a third waits as long as it may', async () => {
    const first = shared.read('a', 5n, read, () => true)
    const second = shared.read('a', 5n, read, () => true)
    const third = shared.read('a', 5n, source.read, () => false)
    failures[0]!()
    await expect(first).rejects.toMatchObject({ code: 'not-fresh-enough' })
    await expect(second).rejects.toMatchObject({ code: 'not-fresh-enough' })
    await turn()
    expect(source.reads).toHaveLength(1)
    source.reads[0]!(5n)
    expect(await third).toEqual({ position: 5n })
  })

  test('and so does who took part in the read of one that asks for too much', async () => {
    const refused = (): Promise<Result> => Promise.reject(Problem.of('overloaded', 'too many of your queries wait'))
    const first = shared.read('a', 0n, refused, () => false)
    const second = shared.read('a', 0n, source.read, () => false)
    await expect(first).rejects.toMatchObject({ code: 'overloaded' })
    await turn()
    source.reads[0]!(5n)
    expect(await second).toEqual({ position: 5n })
  })

  test('what fails for another reason is not tried again', async () => {
    const failing = (): Promise<Result> => Promise.reject(Problem.of('unavailable', 'away'))
    const two = await Promise.allSettled([
      shared.read('a', 0n, failing, () => false),
      shared.read('a', 0n, source.read, () => false),
    ])
    expect(two.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(source.reads).toHaveLength(0)
  })
})
