import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Reading } from '../log/reading.js'
import { StreamNames } from '../log/streams.js'
import { type Indexed, type NameIndex } from '../names/name-index.js'
import { AppendsByStream } from './appends-by-stream.js'
import { StreamAppends, type StreamAppendsContext } from './stream-appends.js'

/** Streams without events, and an index of no names that answers when it is told to. */
class Held {
  /** What was looked up at one time. */
  readonly asked: (readonly string[])[] = []
  private readonly waiting: ((answer: Indexed) => void)[] = []

  readonly context = {
    index: {
      lookUp: (keys: readonly string[]) => {
        this.asked.push(keys)
        return new Promise<Indexed>((resolve) => this.waiting.push(resolve))
      },
    } as unknown as NameIndex,
    reading: { stream: async () => Promise.resolve({ events: [], isLast: true }) } as unknown as Reading,
    streams: new StreamNames(''),
  } as StreamAppendsContext

  release(): void {
    for (const resolve of this.waiting.splice(0)) resolve({ through: 0n, names: new Map() })
  }
}

afterEach(() => jest.restoreAllMocks())

test('the appends of a stream that comes while all others are busy go together, and it is forgotten when it is done', async () => {
  const held = new Held()
  const appends = new AppendsByStream(held.context, { streams: 1, names: Infinity })
  const busy = appends.find('thing-1', 'busy')
  await nextTurn()
  const others = [appends.find('thing-2', 'a'), appends.find('thing-2', 'b')]
  await nextTurn()
  expect(held.asked).toEqual([['busy'], ['a', 'b']])
  held.release()
  expect(await Promise.all([busy, ...others])).toEqual([undefined, undefined, undefined])
  await nextTurn()
  expect(appends.size).toBe(1)
})

test('many busy streams cost each other a few looks', async () => {
  const held = new Held()
  const appends = new AppendsByStream(held.context, { streams: 10, names: Infinity })
  const looks = jest.spyOn(StreamAppends.prototype, 'isIdle', 'get')
  const found: Promise<unknown>[] = []
  for (let at = 0; at < 500; at += 1) {
    found.push(appends.find(`thing-${at}`, 'name'))
    await nextTurn()
  }
  expect(appends.size).toBe(500)
  expect(looks.mock.calls.length).toBeLessThanOrEqual(8 * 500)
  held.release()
  await Promise.all(found)
  await nextTurn()
  expect(appends.size).toBe(10)
})
