import { type ResolvedEvent } from '@eventstore/db-client'
import { type Reading } from '../log/reading.js'
import { StreamNames } from '../log/streams.js'
import { readTail } from './read-tail.js'

/** A stream of so many events, 10 positions each, that is read backwards. */
function streamOf(length: number): { pages: number[]; read: (after: bigint) => Promise<string[]> } {
  const pages: number[] = []
  const event = (revision: number): ResolvedEvent =>
    ({
      event: {
        streamId: 'thing-1',
        revision: BigInt(revision),
        type: 'T',
        data: {},
        metadata: { $id: `e${revision}`, $version: 1 },
        isJson: true,
        created: new Date(0),
      },
      commitPosition: BigInt(revision * 10),
    }) as unknown as ResolvedEvent
  const reading = {
    stream: async (_name: string, from: bigint | 'end', _direction: string, count: number) => {
      pages.push(count)
      const last = from === 'end' ? length - 1 : Number(from)
      const events = Array.from({ length: Math.min(count, last + 1) }, (_, at) => event(last - at))
      return Promise.resolve({ events, isLast: events.length < count })
    },
  } as unknown as Reading
  const read = async (after: bigint): Promise<string[]> =>
    (await readTail({ reading, streams: new StreamNames('') }, 'thing-1', after)).map(({ event: { id } }) => id)
  return { pages, read }
}

test('all events after the position, and the last one in any case', async () => {
  expect(await streamOf(5).read(0n)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4'])
  expect(await streamOf(5).read(21n)).toEqual(['e3', 'e4'])
  expect(await streamOf(5).read(9_999n)).toEqual(['e4'])
  expect(await streamOf(0).read(0n)).toEqual([])
})

test('what the index knows is hardly read', async () => {
  const { pages, read } = streamOf(5_000)
  expect(await read(49_951n)).toEqual(['e4996', 'e4997', 'e4998', 'e4999'])
  expect(pages).toEqual([16])
})

test('an index too far behind is waited for: a name that was not seen might be taken twice', async () => {
  await expect(streamOf(30_000).read(0n)).rejects.toMatchObject({ name: 'StoreUnavailable' })
})
