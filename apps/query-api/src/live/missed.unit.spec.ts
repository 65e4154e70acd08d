import { type MissedItems, type NamedResource, type Place } from '#read-models'
import { endOf, readChunk } from './missed.js'

/** Positions of items in log order. What is read is cut off after so many, as if they were large, for each 1,000 that are asked for. */
const reading = (positions: readonly number[], cut: number) => ({
  missed: (_: NamedResource, after: Place, limit: number): Promise<MissedItems> => {
    const left = positions.filter((at) => BigInt(at) > after.position)
    const read = left.slice(0, (cut * limit) / 1_000)
    const items = read.map((at, ordinal) => ({ place: { position: BigInt(at), ordinal }, item: { at } }))
    return Promise.resolve({ position: 9n, build: 1, items, isComplete: read.length === left.length })
  },
})

const named = {} as NamedResource

test.each([
  ['several at once', [2, 3, 3, 3, 3, 3, 4], 3],
  ['one after the other', [2, 3, 4], 1],
])('large items are told whole positions at a time, %s, and each once', async (_, positions, cut) => {
  const told: unknown[] = []
  for (let next: Place | undefined = endOf(1n); next;) {
    const chunk = await readChunk(reading(positions, cut), named, next, 0n)
    told.push(...chunk.changes)
    ;({ next } = chunk)
  }
  const items = (at: number): object[] => positions.filter((each) => each === at).map(() => ({ at }))
  expect(told).toEqual([2, 3, 4].map((at) => ({ position: `${at}`, data: { items: items(at) } })))
})
