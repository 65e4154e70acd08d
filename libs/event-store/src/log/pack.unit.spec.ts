import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { type AppendRequest, DEFAULT_LIMITS, type Expected, StoreLimitExceeded } from '../port.js'
import { newRequest } from '../contract/requests.js'
import { Batch, type World } from './batch.js'
import { noEvents, type StreamHead } from './heads.js'
import { Packer, plan, withCommand } from './pack.js'
import { type PlannedAppend } from './planned.js'
import { unpack } from './unpack.js'

const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
    fc.constantFrom('a\\b', '\t', 'a\nb', '\r', '\\N', '☕\u2028', 'x'.repeat(41), 'é'.repeat(40)),
  )
  .filter((each) => !each.includes('\0'))
const event = fc.record({
  id: fc.uuid(),
  type: text,
  version: fc.integer({ min: 1, max: 1_000 }),
  data: fc.dictionary(text, text),
  metadata: fc.dictionary(text, text),
})
const expected: fc.Arbitrary<Expected> = fc.oneof(
  fc.constantFrom('any', 'none', 'exists'),
  fc.bigInt({ min: 0n, max: 1n << 52n }),
)
const stream = text.map((id) => `thing-${id}`)
const claim = fc.record({ stream, name: text })
const request: fc.Arbitrary<AppendRequest> = fc.record({
  commandId: fc.record({ stream, key: text }),
  requestHash: text,
  writes: fc
    .tuple(
      fc.record({ stream, expected, events: fc.array(event, { minLength: 1, maxLength: 3 }) }),
      fc.array(fc.record({ stream, expected, events: fc.array(event, { maxLength: 3 }) }), { maxLength: 2 }),
    )
    .map(([target, others]) => [target, ...others]),
  claims: fc.array(claim, { maxLength: 3 }),
  checks: fc.array(fc.record({ stream, expected }), { maxLength: 3 }),
  priority: fc.constantFrom('interactive', 'bulk'),
})

/** A world in which every expectation holds. */
function yes(): World {
  const heads = new Map<string, StreamHead>()
  const head = (name: string): StreamHead => {
    const known = heads.get(name) ?? noEvents()
    heads.set(name, known)
    return known
  }
  return { head, taken: () => 0, take: () => undefined }
}

const eventsOf = (append: PlannedAppend) => {
  const { events, size_bytes, claims, writes } = append
  const batch = new Batch(4, Date.now(), { events, size_bytes, names: 1 + claims + writes.length }, yes())
  batch.accept({ ...append, checks: [], writes: writes.map((each) => ({ ...each, expected: 'any' as const })) })
  return batch.sealed().committed.events
}

test('appends that were packed one behind the other are what they were', () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 5 }), (requests) => {
      const packer = new Packer(DEFAULT_LIMITS)
      for (const each of requests) packer.add(each)
      const planned = unpack(packer.take())
      const number = (each: Expected): unknown => (typeof each === 'bigint' ? Number(each) : each)
      expect(planned.map(({ checks, isBulk, claims }) => ({ checks, isBulk, claims }))).toEqual(
        requests.map(({ checks = [], claims = [], priority }) => ({
          checks: checks.map((each) => ({ ...each, expected: number(each.expected) })),
          isBulk: priority === 'bulk',
          claims: claims.length,
        })),
      )
      expect(planned.map(({ writes }) => writes.map((each) => [each.stream, each.expected, each.events]))).toEqual(
        requests.map(({ writes }) => writes.map((each) => [each.stream, number(each.expected), each.events.length])),
      )
    }),
  )
})

test('an event reaches the log and its subscribers as it was appended, with the command in the last of the target', () => {
  fc.assert(
    fc.property(request, (asked) => {
      const read = eventsOf(plan(asked, DEFAULT_LIMITS))
      const $command = { key: asked.commandId.key, hash: asked.requestHash }
      const wanted = asked.writes.flatMap(({ stream: name, events }, at) =>
        events.map(({ id, type, version, data, metadata }, index) => ({
          stream: name,
          id,
          type,
          version,
          data,
          metadata: at === 0 && index === events.length - 1 ? { ...metadata, $command } : metadata,
        })),
      )
      expect(
        read.map(({ stream: name, id, type, version, data, metadata }) => ({
          stream: name,
          id,
          type,
          version,
          data,
          metadata,
        })),
      ).toEqual(wanted)
      expect(read.map(({ position }) => position)).toEqual(wanted.map((_, at) => BigInt(at + 5)))
    }),
  )
})

test('what a peer cut off or made up is refused, whatever it is', () => {
  const packer = new Packer(DEFAULT_LIMITS)
  packer.add(newRequest('thing-1', { expected: 7n, tip: randomUUID(), claims: [{ stream: 'thing-1', name: 'x' }] }))
  const bytes = packer.take()
  for (let length = 1; length < bytes.length; length += 1)
    expect(() => unpack(bytes.subarray(0, length))).toThrow(RangeError)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (noise) => {
      let appends: readonly PlannedAppend[] = []
      try {
        appends = unpack(Buffer.from(noise))
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
      for (const { writes } of appends) for (const { from, to } of writes) expect(to).toBeGreaterThanOrEqual(from)
    }),
  )
})

test.each([
  ['stream_name_bytes', newRequest(`thing-${'é'.repeat(300)}`)],
  [
    'event_size_bytes',
    newRequest('thing-1', {
      events: [{ ...newRequest('x').writes[0]!.events[0]!, data: { text: 'é'.repeat(1 << 20) } }],
    }),
  ],
  [
    'events_per_append',
    newRequest('thing-1', { events: Array.from({ length: 1_001 }, () => newRequest('x').writes[0]!.events[0]!) }),
  ],
])('beyond %s an append is refused, and what is packed with it is not touched', (limit, tooMuch) => {
  const packer = new Packer(DEFAULT_LIMITS)
  packer.add(newRequest('thing-1'))
  const { length } = packer
  expect(() => packer.add(tooMuch)).toThrow(expect.objectContaining({ name: StoreLimitExceeded.name, limit }) as Error)
  expect(packer.length).toBe(length)
  expect(unpack(packer.take())).toHaveLength(1)
})

test('an append without an event is refused by whoever is sent it', () => {
  const packer = new Packer(DEFAULT_LIMITS)
  packer.add(newRequest('thing-1'))
  const { bytes, claimsAt } = unpack(packer.take())[0]!
  const name_bytes = 4 + 'thing-1'.length
  const countAt = claimsAt + 1 + name_bytes + 1
  const empty = Buffer.concat([bytes.subarray(0, countAt), Buffer.alloc(6)])
  expect(() => unpack(empty)).toThrow(new RangeError('an append writes at least one event'))
})

test.each([
  ['an id that is no UUID', { id: 'no uuid' }, 'must be a UUID'],
  ['a type with NUL', { type: 'a\0b' }, 'NUL'],
])('%s is refused before it can spoil a batch', (_, wrong, reason) => {
  const events = newRequest('x').writes[0]!.events.map((each) => ({ ...each, ...wrong }))
  expect(() => plan(newRequest('thing-1', { events }), DEFAULT_LIMITS)).toThrow(reason)
})

test.each([
  ['without a write', []],
  ['without an event', [{ stream: 'thing-1', expected: 'any' as const, events: [] }]],
  [
    'with events for another stream only',
    [
      { stream: 'thing-1', expected: 'any' as const, events: [] },
      { stream: 'thing-2', expected: 'any' as const, events: newRequest('x').writes[0]!.events },
    ],
  ],
])('an append %s is refused, and nothing of it is left', (_, writes) => {
  const packer = new Packer(DEFAULT_LIMITS)
  const wrong = { ...newRequest('thing-1'), writes }
  expect(() => packer.add(wrong)).toThrow(new RangeError('an append writes at least one event'))
  expect(packer.length).toBe(0)
})

test('the command of an append joins its metadata, whatever is in the key', () => {
  fc.assert(
    fc.property(fc.dictionary(text, text), text, (metadata, key) => {
      const command = { commandId: { stream: 'thing-1', key }, requestHash: 'h' }
      const joined = JSON.parse(withCommand(JSON.stringify(metadata), command)) as object
      expect(joined).toEqual({ ...metadata, $command: { key, hash: 'h' } })
    }),
  )
})
