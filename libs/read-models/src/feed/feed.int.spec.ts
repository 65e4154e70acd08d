import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, silentLogger, temporaryRedis, type TemporaryRedis } from '#testing'
import { feedKey, stateKey } from '../cache/keys.js'
import { openRedis, type Redis } from '../cache/redis.js'
import { Feed } from './feed.js'

const FLEET = 'fleet'
const [BUSY, OTHER] = [1, 2]

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
async function begin(lane: number, generation: string, position: number): Promise<void> {
  await redis.hSet(stateKey(FLEET, lane), { generation, fed: String(position) })
}

async function tell(generation: string, after: number, position: number): Promise<void> {
  await redis.xAdd(feedKey(generation), `${position}-0`, { after: String(after), changes: '[]' })
}

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

function follow(): { readonly feed: Feed; readonly gaps: number[] } {
  const feed = new Feed({ url: server.url, fleets: () => [FLEET], logger: silentLogger() })
  ended.push(() => feed.close())
  const gaps: number[] = []
  feed.on('gap', ({ lane }) => gaps.push(lane))
  return { feed, gaps }
}

test('it is followed although there is always something new', async () => {
  await keepBusy()
  const { feed } = follow()
  await eventually('it says so', () => feed.isLive)
  await eventually('it goes on', () => feed.positionOf({ fleet: FLEET, lane: BUSY }) > 20n)
})

test('a lane that begins, or begins anew and cannot tell, is found while another has always something new', async () => {
  await keepBusy()
  const { feed, gaps } = follow()
  const told: bigint[] = []
  feed.on('batch', ({ lane, position }) => lane === OTHER && told.push(position))
  await eventually('the busy lane is followed', () => feed.positionOf({ fleet: FLEET, lane: BUSY }) > 0n)
  await begin(OTHER, 'first', 7)
  await eventually('the other is found', () => feed.positionOf({ fleet: FLEET, lane: OTHER }) === 7n)
  await tell('first', 7, 8)
  await eventually('it is told', () => told.at(-1) === 8n)
  await begin(OTHER, 'second', 9)
  await eventually('its next generation is found', () => feed.positionOf({ fleet: FLEET, lane: OTHER }) === 9n)
  await tell('second', 9, 12)
  await eventually('it is told again', () => told.at(-1) === 12n)
  expect(told).toEqual([8n, 12n])
  expect(gaps.filter((lane) => lane === OTHER)).toEqual([OTHER, OTHER])
})

test('whoever has read before a lane was followed is told that it begins: what they read may be older', async () => {
  const { feed, gaps } = follow()
  await eventually('there is nothing to follow, which is no trouble', () => feed.isLive)
  expect(gaps).toEqual([])
  await begin(OTHER, 'first', 7)
  await eventually('it is followed', () => feed.positionOf({ fleet: FLEET, lane: OTHER }) === 7n)
  expect(gaps).toEqual([OTHER])
})
