import { randomUUID } from 'node:crypto'
import { type SnapshotStore, type StoredSnapshot } from './snapshot-store.js'

/** What must hold for every snapshot store. */
export function describeSnapshotStore(
  name: string,
  open: () => Promise<{ readonly store: SnapshotStore; close(): Promise<void> }>,
): void {
  describe(`snapshot store contract: ${name}`, () => {
    let subject: Awaited<ReturnType<typeof open>>
    beforeAll(async () => {
      subject = await open()
    })
    afterAll(() => subject.close())
    const newStream = (): string => `thing-${randomUUID()}`
    const at = (revision: bigint): StoredSnapshot => ({
      revision,
      tip: randomUUID(),
      position: 9_007_199_254_740_993n + revision,
      state: Buffer.from([0, 255, 10, 92, Number(revision % 256n)]),
    })

    test('a stream has none at first', async () => {
      expect(await subject.store.load(newStream(), 1)).toBeUndefined()
    })

    test('what was kept is found as it was, for its stream and version only', async () => {
      const stream = newStream()
      const kept = at(499n)
      await subject.store.save(stream, 2, kept)
      expect(await subject.store.load(stream, 2)).toEqual(kept)
      expect(await subject.store.load(stream, 1)).toBeUndefined()
      expect(await subject.store.load(newStream(), 2)).toBeUndefined()
    })

    test('the newest stays, whoever comes last', async () => {
      const stream = newStream()
      const newest = at(900n)
      for (const each of [at(500n), newest, at(700n)]) await subject.store.save(stream, 1, each)
      expect(await subject.store.load(stream, 1)).toEqual(newest)
    })

    test('the version before is kept while a new one is rolled out, older ones are not', async () => {
      const stream = newStream()
      for (const version of [1, 2, 3]) await subject.store.save(stream, version, at(BigInt(version)))
      const found = await Promise.all([1, 2, 3].map((version) => subject.store.load(stream, version)))
      expect(found.map((each) => each?.revision)).toEqual([undefined, 2n, 3n])
    })

    test('one that is discarded is gone, a newer one is not', async () => {
      const stream = newStream()
      await subject.store.save(stream, 1, at(5n))
      await subject.store.discard(stream, 1, 4n)
      expect(await subject.store.load(stream, 1)).toMatchObject({ revision: 5n })
      await subject.store.discard(stream, 1, 5n)
      expect(await subject.store.load(stream, 1)).toBeUndefined()
      await subject.store.save(stream, 1, at(3n))
      expect(await subject.store.load(stream, 1)).toMatchObject({ revision: 3n })
    })

    test('many asked for at one time are each given their own', async () => {
      const streams = Array.from({ length: 100 }, newStream)
      for (const [each, stream] of streams.entries())
        if (each % 3 === 0) await subject.store.save(stream, 1, at(BigInt(each)))
      const found = await Promise.all(streams.map((stream) => subject.store.load(stream, 1)))
      expect(found.map((each) => each?.revision)).toEqual(
        streams.map((_, each) => (each % 3 === 0 ? BigInt(each) : undefined)),
      )
    })
  })
}
