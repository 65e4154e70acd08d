import { describeConflicts, describeExpectations, describeLimits, describeTips } from './contract/appends.js'
import { describeLeaving, describeSlowSubscribers } from './contract/leaving.js'
import { describeNameLimits } from './contract/name-limits.js'
import { describeClaims, describeCommandIds } from './contract/names.js'
import { describeOrder, describeReading } from './contract/reading.js'
import { all, type Store } from './contract/requests.js'
import { describeOneStreamOnly, describeSeveralStreams } from './contract/several-streams.js'
import { describeFilters, describeSubscribing } from './contract/subscribing.js'
import { type EventStore, type StoreCapabilities } from './port.js'

/** An open store with an empty log. */
export interface Subject {
  readonly store: EventStore
  /** More events than are kept in memory for one subscriber. Default 20,500. */
  readonly backlog_events?: number
  close(): Promise<void>
}

type Open = () => Promise<Subject>

/** What must hold for every adapter of the port: one store for all of it, each test with streams of its own. */
export function describeContract(
  name: string,
  open: Open,
  { multiStreamAppends = true }: Partial<StoreCapabilities> = {},
): void {
  describeStore(`event store contract: ${name}`, open, (store, subject) => {
    test('an empty log has head 0 and no events', async () => {
      expect(await store().head()).toBe(0n)
      expect(await all(store().readAll())).toEqual([])
    })
    // First: it reads the whole log, and appending leaves large events behind.
    describe('reading', () => describeReading(store))
    describeAppending(store, multiStreamAppends)
    test('declares what it can do', () => {
      expect(store().capabilities).toMatchObject({ multiStreamAppends, claims: true })
    })
    describe('subscribing', () => describeSubscribing(store))
    describe('a slow subscriber', () => describeSlowSubscribers(store, () => subject().backlog_events ?? 20_500))
    describe('a subscriber that leaves', () => describeLeaving(store))
    describe('filters', () => describeFilters(store))
  })
}

/** The part of it that is about appends, for a store that appends in more than one way. */
export function describeAppendContract(
  name: string,
  open: Open,
  { multiStreamAppends = true }: Partial<StoreCapabilities> = {},
): void {
  describeStore(`event store contract, appends: ${name}`, open, (store) => describeAppending(store, multiStreamAppends))
}

function describeStore(name: string, open: Open, tests: (store: Store, subject: () => Subject) => void): void {
  describe(name, () => {
    let opened: Subject | undefined
    const subject = (): Subject => {
      if (!opened) throw new Error('the store is not open')
      return opened
    }
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.close())
    tests(() => subject().store, subject)
  })
}

function describeAppending(store: Store, multiStreamAppends: boolean): void {
  describe('expectations', () => describeExpectations(store))
  describe('limits', () => describeLimits(store))
  describe('limits of names', () => describeNameLimits(store, multiStreamAppends))
  describe('tips', () => describeTips(store))
  describe('conflicts', () => describeConflicts(store))
  describe('command ids', () => describeCommandIds(store))
  describe('claims', () => describeClaims(store))
  describe('several streams', () => (multiStreamAppends ? describeSeveralStreams(store) : describeOneStreamOnly(store)))
  describe('order', () => describeOrder(store))
}
