import { setTimeout as sleep } from 'node:timers/promises'
import { document, domain, integer, projection, text } from '#domain-kit'
import { eventually, scratchServers, silentLogger, temporaryRedis, type TemporaryRedis } from '#testing'
import { feedKey, ownField, stateKey } from '../cache/keys.js'
import { openRedis, type Redis } from '../cache/redis.js'
import { fleetOf } from '../builds/fleet.js'
import { count, counter } from '../fixtures/counter.js'
import { ProjectionStage } from '../fixtures/projection-stage.js'
import { type FeedChange } from '../project/changes.js'
import { laneFor } from '../project/lanes.js'
import { tablesOf } from '../tables/table.js'
import { Feed } from './feed.js'

type Versioned = Parameters<Feed['positionOf']>[1]

const FLEET = 'fleet'
const [BUSY, OTHER] = [1, 2]
/** Projections: one goes with its lane, the other does not. */
const [GOING, APART] = ['going', 'apart'].map((name) => ({ name, version: 1 })) as [Versioned, Versioned]

let server: TemporaryRedis
let redis: Redis
const ended: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await temporaryRedis()
  redis = openRedis(server.url, silentLogger())
  await eventually('Redis answers', async () => (await redis.ping()) === 'PONG')
})
afterEach(async () => {
  for (const each of ended.splice(0).reverse()) await each()
  await redis.flushAll()
})
afterAll(async () => {
  redis.destroy()
  await server.drop()
})

/** As an owner of the lane writes it that knows of nothing before. */
async function begin(
  lane: number,
  generation: string,
  position: number,
  own: Record<string, string> = {},
): Promise<void> {
  await redis.del(stateKey(FLEET, lane))
  await redis.hSet(stateKey(FLEET, lane), { generation, fed: String(position), ...own })
}

async function tell(generation: string, after: number, position: number, changes = '[]'): Promise<void> {
  await redis.xAdd(feedKey(generation), `${position}-0`, { after: String(after), changes })
}

/** A change of a projection's table, as a batch holds it. */
const changeIn = (projection: string, position: number): FeedChange => [
  `${projection}.v1:rows`,
  'new',
  [],
  String(position),
  0,
  String(position),
]

/** Something is told in one lane all the time, until the test ends. */
async function keepBusy(): Promise<void> {
  await begin(BUSY, 'busy', 0)
  const end = new AbortController()
  const telling = (async () => {
    for (let position = 1; !end.signal.aborted; position += 1) {
      await tell('busy', position - 1, position)
      await sleep(5)
    }
  })()
  ended.push(() => {
    end.abort()
    return telling
  })
}

function follow(): { readonly feed: Feed; readonly gaps: number[]; readonly at: (lane: number) => bigint } {
  const feed = new Feed({ url: server.url, fleets: () => [FLEET], logger: silentLogger() })
  ended.push(() => feed.close())
  const gaps: number[] = []
  feed.on('gap', ({ lane }) => gaps.push(lane))
  return { feed, gaps, at: (lane) => feed.positionOf({ fleet: FLEET, lane }, GOING) }
}

test('it is followed although there is always something new', async () => {
  await keepBusy()
  const { feed, at } = follow()
  await eventually('it says so', () => feed.isLive)
  await eventually('it goes on', () => at(BUSY) > 20n)
})

test('a lane that begins, or begins anew and cannot tell, is found while another has always something new', async () => {
  await keepBusy()
  const { feed, gaps, at } = follow()
  const told: bigint[] = []
  feed.on('batch', ({ lane, position }) => lane === OTHER && told.push(position))
  await eventually('the busy lane is followed', () => at(BUSY) > 0n)
  await begin(OTHER, 'first', 7)
  await eventually('the other is found', () => at(OTHER) === 7n)
  await tell('first', 7, 8)
  await eventually('it is told', () => told.at(-1) === 8n)
  await begin(OTHER, 'second', 9)
  await eventually('its next generation is found', () => at(OTHER) === 9n)
  await tell('second', 9, 12)
  await eventually('it is told again', () => told.at(-1) === 12n)
  expect(told).toEqual([8n, 12n])
  expect(gaps.filter((lane) => lane === OTHER)).toEqual([OTHER, OTHER])
})

test('whoever has read before a lane was followed is told that it begins: what they read may be older', async () => {
  const { feed, gaps, at } = follow()
  await eventually('there is nothing to follow, which is no trouble', () => feed.isLive)
  expect(gaps).toEqual([])
  await begin(OTHER, 'first', 7)
  await eventually('it is followed', () => at(OTHER) === 7n)
  expect(gaps).toEqual([OTHER])
})

test('a projection that does not go with its lane is where it is, and what it changes is not told until it does', async () => {
  const lane = { fleet: FLEET, lane: OTHER }
  const { feed, gaps } = follow()
  const told: unknown[] = []
  feed.on('batch', ({ changes }) => told.push(changes.map(([table]) => table)))
  await begin(OTHER, 'first', 10, { [ownField(APART)]: '5' })
  await eventually('it is followed', () => gaps.length === 1)
  const changes = JSON.stringify([changeIn('apart', 6), changeIn('going', 11)])
  await tell('first', 10, 11, changes)
  await eventually('it is told', () => told.length === 1)
  expect(told).toEqual([['going.v1:rows']])
  expect([APART, GOING].map((each) => feed.positionOf(lane, each))).toEqual([5n, 11n])
  expect([APART, GOING].map((each) => feed.ownPositionOf(lane, each))).toEqual([5n, undefined])
  expect(feed.head).toBe(11n)
  await begin(OTHER, 'second', 11)
  await eventually('it goes with its lane', () => gaps.length === 2)
  expect(feed.positionOf(lane, APART)).toBe(11n)
  await tell('second', 11, 12, changes)
  await eventually('it is told', () => told.length === 2)
  expect(told.at(-1)).toEqual(['apart.v1:rows', 'going.v1:rows'])
})

test('a batch that cannot be told is a gap, for that lane alone; the next ones are told', async () => {
  const { feed, gaps } = follow()
  const told: bigint[] = []
  feed.on('batch', ({ position }) => {
    if (position === 9n) throw new Error('somebody could not be told')
    told.push(position)
  })
  await begin(BUSY, 'busy', 7)
  await begin(OTHER, 'first', 7)
  await eventually('both are followed', () => gaps.length === 2)
  await tell('first', 7, 8, 'no JSON')
  await tell('first', 8, 9)
  await tell('first', 9, 10)
  await eventually('the last is told', () => told.length > 0)
  expect(told).toEqual([10n])
  expect(gaps.slice(2)).toEqual([OTHER, OTHER])
})

test('a projection that has stopped is heard of up to there, while its lane goes on; mended, it is where its lane is', async () => {
  let isMended = false
  const summed = (name: string, by: (value: number) => number) =>
    projection(name, {
      ...{ version: 1, of: counter, table: { counter: text().key(), sum: integer() } },
      key: (event) => ({ counter: event.aggregateId }),
      fold: { Counted: (row, { by: value }) => ({ ...row, sum: row.sum + by(value) }) },
    })
  const counts = summed('counts', () => 1)
  const sums = summed('sums', (value) => {
    if (value < 0 && !isMended) throw new RangeError('a counter only grows')
    return value
  })
  const resources = [document(sums, 'GET /sums/{counter}'), document(counts, 'GET /counts/{counter}')]
  const counting = domain('counting', { commands: [], resources })
  const servers = await scratchServers()
  const stage = new ProjectionStage(servers)
  ended.push(() => stage.close())
  const projector = await stage.projector([counting])
  projector.start()
  const [table] = tablesOf([counting])
  const lane = { fleet: fleetOf(tablesOf([counting])), lane: laneFor(table!, { counter: 'one' })! }
  const feed = new Feed({ url: servers.scratch.url, fleets: () => [lane.fleet], logger: silentLogger() })
  ended.push(() => feed.close())
  const heard: unknown[] = []
  feed.on('gap', (each) => each.lane === lane.lane && heard.push('gap'))
  feed.on('batch', (each) => each.lane === lane.lane && heard.push(...each.changes.map(([id]) => id)))

  await eventually('it is followed', () => heard.length > 0)
  await count(stage.store, 'one', 1)
  await eventually('both are told', () => heard.length === 3)
  await count(stage.store, 'one', -1)
  await eventually('one has stopped', () => projector.stops.length > 0)
  await count(stage.store, 'one', 1)
  await eventually('the other goes on', () => feed.positionOf(lane, counts) === 3n)
  expect(feed.positionOf(lane, sums)).toBe(1n)
  isMended = true
  await projector.builds.retry('sums', { actor: 'tester', action: 'test' })
  await eventually('it has caught up', () => feed.positionOf(lane, sums) === 3n)
  const [first, ...later] = heard.filter((id) => id !== 'counts.v1:counts')
  expect([first, later[0]]).toEqual(['gap', 'sums.v1:sums'])
  expect(new Set(later.slice(1))).toEqual(new Set(['gap']))
})
