import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { type AnyAggregate, aggregate, type EventShape } from '#domain-kit'
import { ledger } from '#ledger'
import { reports } from '#reports'
import { wallet } from '../fixtures/wallet.js'
import { emptyState, fold, type StreamState } from '../stream-state.js'
import { pack, unpack } from './pack.js'

function named(name: string): AnyAggregate {
  const found = [...ledger.aggregates, ...reports.aggregates].find((each) => each.name === name)
  if (!found) throw new Error(`there is no aggregate "${name}"`)
  return found
}

const STREAM = 'thing-1'
const foldAll = (of: AnyAggregate, events: readonly EventShape[], start = emptyState(of)): StreamState =>
  events.reduce((before, event) => {
    const place = Number(before.revision + 1n)
    return fold(of, before, { ...event, id: `id-${place}`, position: BigInt(place * 3 + 1) })
  }, start)

const account = fc.constantFrom('assets:cash', 'income', '__proto__', 'équité', '$', '')
const id = fc.nat(9).map(String)
const amount = fc.integer({ min: -9_999, max: 9_999 }).map((cents) => (cents / 100).toFixed(2))
const posting = fc.record({ account, amount, commodity: fc.constantFrom('EUR', '', '£') })
const entry = { id, date: fc.constant('2026-11-23'), postings: fc.array(posting, { minLength: 1, maxLength: 3 }) }
const event = <T extends string>(type: T, data: Record<string, fc.Arbitrary<unknown>>, required: readonly string[]) =>
  fc.record({
    type: fc.constant(type),
    data: fc.record(data, { requiredKeys: [...required] }),
  }) as fc.Arbitrary<EventShape>
const bookEvent = fc.oneof(
  event('AccountOpened', { account, lowestBalance: fc.array(fc.record({ commodity: fc.constant('EUR'), amount })) }, [
    'account',
  ]),
  event('AccountClosed', { account }, ['account']),
  { weight: 3, arbitrary: event('TransactionPosted', { ...entry, captures: id }, Object.keys(entry)) },
  { weight: 2, arbitrary: event('HoldPlaced', entry, Object.keys(entry)) },
  event('HoldReleased', { id }, ['id']),
)
const jobEvent = fc.oneof(
  event('ReportRequested', { report: fc.string() }, ['report']),
  event('ReportStarted', {}, []),
  event('ReportFailed', { reason: fc.string() }, ['reason']),
)
const walletEvent = fc.oneof(
  event('Opened', { limit: fc.nat() }, ['limit']),
  event('Paid', { amount: fc.nat() }, ['amount']),
)

describe.each([
  ['the ledger’s book', named('book'), bookEvent],
  ['a report’s job', named('job'), jobEvent],
  ['a wallet', wallet as AnyAggregate, walletEvent],
] as const)('a snapshot of %s', (_, of, events) => {
  test('and the tail beyond it lead where all events lead, wherever the cut is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(events, { minLength: 1, maxLength: 60 }), fc.nat(), async (history, cut) => {
        const at = 1 + (cut % history.length)
        const { snapshot } = await pack(of, STREAM, foldAll(of, history.slice(0, at)))
        const { state } = await unpack(of, STREAM, snapshot)
        expect(isDeepStrictEqual(foldAll(of, history.slice(at), state), foldAll(of, history))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a snapshot', () => {
  const state = foldAll(wallet, [{ type: 'Opened', data: { limit: 5 } }])
  const kept = async () => (await pack(wallet, STREAM, state)).snapshot

  test('that is not what was written is not read', async () => {
    const good = await kept()
    expect((await unpack(wallet as AnyAggregate, STREAM, good)).state).toEqual(state)
    const flipped = Buffer.from(good.state)
    flipped.writeUInt8(flipped.readUInt8(flipped.length >> 1) ^ 0x10, flipped.length >> 1)
    const bad = [
      { ...good, state: flipped },
      { ...good, state: good.state.subarray(0, -4) },
      { ...good, state: Buffer.alloc(0) },
      { ...good, revision: good.revision + 1n },
      { ...good, tip: 'id-other' },
      { ...good, position: 0n },
    ]
    for (const each of bad) await expect(unpack(wallet as AnyAggregate, STREAM, each)).rejects.toThrow()
    await expect(unpack(wallet as AnyAggregate, 'thing-2', good)).rejects.toThrow('its label')
    await expect(unpack({ ...wallet, version: 2 }, STREAM, good)).rejects.toThrow('its label')
  })

  test('of a state that a codec writes is what the codec reads', async () => {
    type Ticked = { type: 'Ticked'; data: { readonly at: number } }
    const clock = aggregate<Ticked>()('clock', {
      version: 1,
      initial: new Date(0),
      evolve: { Ticked: (_, { at }) => new Date(at) },
      snapshot: { encode: (date) => date.getTime(), decode: (time) => new Date(time as number) },
    }) as AnyAggregate
    const ticked = foldAll(clock, [{ type: 'Ticked', data: { at: 77 } }])
    const { snapshot } = await pack(clock, STREAM, ticked)
    expect((await unpack(clock, STREAM, snapshot)).state).toEqual({ ...ticked, state: new Date(77) })
  })
})
