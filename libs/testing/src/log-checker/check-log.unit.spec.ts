import fc from 'fast-check'
import { parseStream } from '#domain-kit'
import { checkLog } from './check-log.js'
import { contentOf, sightOf } from './content.js'
import { type CheckInput, type HandedBatch, type LogEvent, type Operation } from './history.js'

interface Written {
  readonly position: bigint
  readonly stream?: string
  readonly revision?: bigint
  readonly id?: string
  readonly second?: number
  readonly key?: string
}

const event = ({ position, stream = 'thing-1', revision = position - 1n, id, second = 0, key }: Written): LogEvent => ({
  id: id ?? `event ${position}`,
  type: 'ThingHappened',
  version: 1,
  data: {},
  stream,
  ...parseStream(stream),
  revision,
  position,
  time: new Date(second * 1_000).toISOString(),
  metadata: key === undefined ? {} : { $command: { key } },
})

/** An append of one event that was acknowledged where it stands. */
const acked = ({ stream, revision, position, id }: LogEvent, from_ms = 0, to_ms = from_ms + 1): Operation => ({
  client: 'a',
  command: { stream, key: id },
  writes: [{ stream, ids: [id] }],
  invoked_ms: from_ms,
  result: { kind: 'acknowledged', acked_ms: to_ms, place: { stream, revision, position } },
})

const check = (log: readonly LogEvent[], operations: readonly Operation[], more: Partial<CheckInput> = {}) =>
  checkLog({ log, operations, gapFree: true, ...more })

const three = [1n, 2n, 3n].map((position) => event({ position }))

test('a log in which everything stands where it was acknowledged is sound', () => {
  const report = check(
    three,
    three.map((each) => acked(each)),
  )
  expect(report).toEqual({
    counts: {
      acked: 3,
      lost: 0,
      duplicated: 0,
      misordered: 0,
      gaps: 0,
      stale_commits: 0,
      phantoms: 0,
      altered: 0,
      missed: 0,
    },
    isSound: true,
    offenders: [],
  })
})

test('what must be refused and is acknowledged is there twice, and what must be acknowledged and is refused was taken by nobody', () => {
  const operations = three.map((each) => ({ ...acked(each), expected: 'acknowledged' as const }))
  expect(check(three, operations).isSound).toBe(true)
  const [first, ...others] = operations
  expect(check(three, [{ ...first!, expected: 'refused' }, ...others]).counts).toMatchObject({ duplicated: 1 })
  const refused = {
    ...first!,
    command: { stream: 'thing-1', key: 'x' },
    writes: [],
    result: { kind: 'refused' as const },
  }
  expect(check(three, [...operations, refused]).counts).toMatchObject({ phantoms: 1 })
  expect(check(three, [...operations, { ...refused, expected: 'refused' }]).isSound).toBe(true)
})

test('what was acknowledged and is not there is lost', () => {
  const { counts, offenders } = check(
    three.slice(0, 2),
    three.map((each) => acked(each)),
  )
  expect(counts).toMatchObject({ acked: 3, lost: 1 })
  expect(offenders[0]).toContain('event 3')
})

test('an append whose outcome nobody knows may be there or not, but not in part', () => {
  const unknown = (ids: string[]): Operation => ({
    client: 'a',
    command: { stream: 'thing-1', key: 'k' },
    writes: [{ stream: 'thing-1', ids }],
    invoked_ms: 0,
    result: { kind: 'unknown' },
  })
  const others = three.slice(0, 2).map((each) => acked(each))
  expect(check(three, [...others, unknown(['event 3'])]).isSound).toBe(true)
  expect(check(three.slice(0, 2), [...others, unknown(['event 3'])]).isSound).toBe(true)
  expect(check(three, [...others, unknown(['event 3', 'event 4'])]).counts.lost).toBe(1)
})

test('real time: what was asked for after an acknowledgement stands behind it', () => {
  const [first, second] = [event({ position: 1n }), event({ position: 2n })]
  expect(check([first, second], [acked(first, 0, 1), acked(second, 2, 3)]).isSound).toBe(true)
  expect(check([first, second], [acked(first, 2, 4), acked(second, 1, 3)]).isSound).toBe(true)
  expect(check([first, second], [acked(first, 2, 3), acked(second, 0, 1)]).counts.misordered).toBe(1)
})

test('a command that was sent again long after is measured by its first sending', () => {
  const [first, second] = [event({ position: 1n }), event({ position: 2n })]
  expect(check([first, second], [acked(first, 0, 1), acked(second, 2, 3), acked(first, 8, 9)]).isSound).toBe(true)
})

test('positions may have gaps when the store promises none without', () => {
  const log = [event({ position: 1n }), event({ position: 5n, revision: 1n })]
  const operations = log.map((each) => acked(each))
  expect(check(log, operations).counts.gaps).toBe(1)
  expect(check(log, operations, { gapFree: false }).isSound).toBe(true)
})

test('revisions are contiguous stream by stream', () => {
  const log = [
    event({ position: 1n, stream: 'a-1', revision: 0n }),
    event({ position: 2n, stream: 'b-1', revision: 1n }),
    event({ position: 3n, stream: 'a-1', revision: 0n }),
  ]
  expect(
    check(
      log,
      log.map((each) => acked(each)),
    ).counts,
  ).toMatchObject({ gaps: 1, duplicated: 1 })
})

test('a command key is there once in its stream', () => {
  const log = [event({ position: 1n, key: 'k' }), event({ position: 2n, key: 'k' })]
  const other = event({ position: 3n, key: 'k', stream: 'b-1', revision: 0n })
  const all = [...log, other]
  expect(
    check(
      all,
      all.map((each) => acked(each)),
    ).counts,
  ).toMatchObject({ duplicated: 1 })
})

test('time stands still or goes on', () => {
  const log = [
    event({ position: 1n, second: 5 }),
    event({ position: 2n, second: 5 }),
    event({ position: 3n, second: 4 }),
  ]
  expect(
    check(
      log,
      log.map((each) => acked(each)),
    ).counts,
  ).toMatchObject({ misordered: 1 })
})

test('a term commits nothing once its successor has begun, whether that has committed or not', () => {
  const operations = three.map((each) => acked(each))
  const by = (...epochs: bigint[]) => ({
    terms: [
      { epoch: 4n, after: 0n },
      { epoch: 5n, after: 2n },
    ],
    committedBy: (position: bigint) => epochs[Number(position) - 1],
  })
  expect(check(three, operations, { epochs: by(4n, 4n, 5n) }).isSound).toBe(true)
  expect(check(three, operations, { epochs: by(4n, 4n, 4n) }).counts.stale_commits).toBe(1)
  expect(check(three, operations, { epochs: by(4n, 5n, 4n) }).counts.stale_commits).toBe(1)
})

test.each<[string, Partial<LogEvent>]>([
  ['type', { type: 'AnotherThingHappened' }],
  ['version', { version: 2 }],
  ['data', { data: { of: 'another' } }],
  ['metadata', { metadata: { actor: 'somebody' } }],
])('an event with another %s than was asked for is altered', (_, altered) => {
  const operations = three.map((each) => {
    const operation = acked(each)
    return { ...operation, writes: operation.writes.map((write) => ({ ...write, contents: [contentOf(each)] })) }
  })
  const [first, ...others] = three
  expect(check(three, operations).isSound).toBe(true)
  expect(check([{ ...first!, ...altered }, ...others], operations).counts).toMatchObject({ altered: 1 })
})

test('content is the same in any order of its members', () => {
  const content = { type: 'T', version: 1, metadata: {}, data: { a: 1, b: { c: [1, 2], d: null } } }
  expect(contentOf({ ...content, data: { b: { d: null, c: [1, 2] }, a: 1 } })).toBe(contentOf(content))
  expect(contentOf({ ...content, data: { a: 1, b: { c: [2, 1], d: null } } })).not.toBe(contentOf(content))
})

describe('a follower', () => {
  const batch = (after: bigint, position: bigint, events: readonly LogEvent[]): HandedBatch => ({
    after,
    position,
    sights: events.map(sightOf),
  })
  const [one, two, last] = [three[0]!, three[1]!, three[2]!]
  const followed = (...batches: readonly HandedBatch[]) =>
    check(
      three,
      three.map((each) => acked(each)),
      { followers: [{ name: 'f', batches }] },
    ).counts.missed

  test('that was handed the log in any batches has missed nothing', () => {
    expect(followed(batch(0n, 3n, three))).toBe(0)
    expect(followed(batch(0n, 1n, [one]), batch(1n, 3n, [two, last]))).toBe(0)
  })

  test.each<[string, readonly HandedBatch[]]>([
    ['an event is not handed on', [batch(0n, 2n, [one, two])]],
    ['it has another place', [batch(0n, 3n, [one, { ...two, position: 3n }, last])]],
    ['it has another revision', [batch(0n, 3n, [one, { ...two, revision: 2n }, last])]],
    ['it is in another stream', [batch(0n, 3n, [one, { ...two, stream: 'thing-2' }, last])]],
    ['it has another content', [batch(0n, 3n, [one, { ...two, data: { of: 'another' } }, last])]],
    ['a batch claims to follow on another', [batch(0n, 1n, [one]), batch(2n, 3n, [two, last])]],
    ['a batch ends with another event than it says', [batch(0n, 2n, [one]), batch(2n, 3n, [two, last])]],
  ])('has missed something when %s', (_, batches) => expect(followed(...batches)).toBe(1))
})

test('any two events of a sound log that change places are found', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), fc.nat(), (size, a, b) => {
      const log = Array.from({ length: size }, (_, at) => event({ position: BigInt(at + 1) }))
      const operations = log.map((each) => acked(each))
      const [one, other] = [log[a % size], log[b % size]]
      if (!one || !other || one === other) return
      const swapped = log.map((each) =>
        each === one ? { ...each, id: other.id } : each === other ? { ...each, id: one.id } : each,
      )
      expect(check(swapped, operations).counts.misordered).toBeGreaterThanOrEqual(2)
    }),
  )
})

test('a log of 100,000 events is checked without sorting it', () => {
  const log = Array.from({ length: 100_000 }, (_, at) => event({ position: BigInt(at + 1), id: String(at) }))
  const operations = log.map((each, at) => acked(each, at))
  expect(check(log, operations).isSound).toBe(true)
})
