import { describeConflicts, describeExpectations, describeTips } from './contract/appends.js'
import { describeClaims, describeCommandIds } from './contract/names.js'
import { describeOrder, describeReading } from './contract/reading.js'
import { all, type Store } from './contract/requests.js'
import { describeOneStreamOnly, describeSeveralStreams } from './contract/several-streams.js'
import { describeFilters, describeSubscribing } from './contract/subscribing.js'
import { type EventStore, type StoreCapabilities } from './port.js'

/** An open store with an empty log. */
export interface Subject {
  readonly store: EventStore
  close(): Promise<void>
}

/** What must hold for every adapter of the port: one store for all of it, each test with streams of its own. */
export function describeContract(
  name: string,
  open: () => Promise<Subject>,
  { multiStreamAppends = true }: Partial<StoreCapabilities> = {},
): void {
  describe(`event store contract: ${name}`, () => {
    jest.setTimeout(60_000)
    let subject: Subject | undefined
    const store: Store = () => {
      if (!subject) throw new Error('the store is not open')
      return subject.store
    }
    beforeAll(async () => {
      subject = await open()
    })
    afterAll(() => subject?.close())

    test('an empty log has head 0 and no events', async () => {
      expect(await store().head()).toBe(0n)
      expect(await all(store().readAll())).toEqual([])
    })
    describe('expectations', () => describeExpectations(store))
    describe('tips', () => describeTips(store))
    describe('conflicts', () => describeConflicts(store))
    describe('command ids', () => describeCommandIds(store))
    describe('claims', () => describeClaims(store))
    describe('several streams', () =>
      multiStreamAppends ? describeSeveralStreams(store) : describeOneStreamOnly(store))
    test('declares what it can do', () => {
      expect(store().capabilities).toMatchObject({ multiStreamAppends, claims: true })
    })
    describe('reading', () => describeReading(store))
    describe('order', () => describeOrder(store))
    describe('subscribing', () => describeSubscribing(store))
    describe('filters', () => describeFilters(store))
  })
}
