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
const ask = (minPosition: bigint, row = 'a'): Promise<Result> => shared.read(row, minPosition, source.read)
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
  const two = await Promise.allSettled([shared.read('a', 0n, failing), shared.read('a', 0n, failing)])
  expect(two.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(shared.read('a', 0n, failing)).rejects.toThrow('attempt 2')
})
