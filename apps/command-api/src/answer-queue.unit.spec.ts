import { AnswerQueue } from './answer-queue.js'

/** Everything taken until the end, piece by piece. */
async function taken(queue: AnswerQueue): Promise<string[]> {
  const pieces: string[] = []
  for (let piece = await queue.take(); piece !== undefined; piece = await queue.take()) pieces.push(piece)
  return pieces
}

test('answers leave in the order in which they were asked for, whenever they come', async () => {
  const queue = new AnswerQueue(10, Infinity)
  const [first, second, third] = [queue.open(), queue.open(), queue.open()]
  third('c')
  second('b')
  const all = taken(queue)
  first('a')
  queue.end()
  expect((await all).join('')).toBe('abc')
})

test('those that are there leave in one piece, the others are waited for', async () => {
  const queue = new AnswerQueue(10, Infinity)
  const settle = Array.from({ length: 4 }, () => queue.open())
  settle[0]?.('a')
  settle[1]?.('b')
  settle[3]?.('d')
  expect(await queue.take()).toBe('ab')
  const next = queue.take()
  settle[2]?.('c')
  expect(await next).toBe('cd')
})

test('a piece does not grow without bound', async () => {
  const queue = new AnswerQueue(1_000, Infinity)
  for (let each = 0; each < 100; each += 1) queue.open()('x'.repeat(10_000))
  queue.end()
  const pieces = await taken(queue)
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(65_536 + 10_000)
  expect(pieces.join('')).toHaveLength(1_000_000)
})

test('there is room for so many, and again when some were taken', async () => {
  const queue = new AnswerQueue(2, Infinity)
  expect(queue.room()).toBeUndefined()
  queue.open()('a')
  queue.open()
  const room = queue.room()
  expect(room).toBeInstanceOf(Promise)
  expect(await queue.take()).toBe('a')
  await room
  expect(queue.room()).toBeUndefined()
})

test('there is room for so many characters of what is asked and what is answered, and again when they were taken', async () => {
  const queue = new AnswerQueue(10, 100)
  const settle = [queue.open(60), queue.open(60)]
  expect(queue.room()).toBeInstanceOf(Promise)
  settle[0]?.('a')
  expect(queue.room()).toBeUndefined()
  settle[1]?.('b'.repeat(99))
  const room = queue.room()
  expect(room).toBeInstanceOf(Promise)
  expect(await queue.take()).toHaveLength(100)
  await room
  expect(queue.room()).toBeUndefined()
})

test('a queue that is closed makes nobody wait for room', () => {
  const queue = new AnswerQueue(1, Infinity)
  queue.open()
  queue.end()
  expect(queue.room()).toBeUndefined()
})

test('whoever waits for room is told when nobody takes answers any longer', async () => {
  const queue = new AnswerQueue(1, Infinity)
  queue.open()
  const room = queue.room()
  queue.abandon()
  await room
  expect(queue.isClosed).toBe(true)
  expect(await queue.take()).toBeUndefined()
})

test('an empty queue ends when it is said to', async () => {
  const queue = new AnswerQueue(1, Infinity)
  const last = queue.take()
  queue.end()
  expect(await last).toBeUndefined()
})
