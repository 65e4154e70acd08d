import { eventually, scratchServers, type ScratchServers } from '#testing'
import { type FeedChange } from '../project/changes.js'
import { CacheWriter } from './cache-writer.js'
import { CHANGES_LENGTH_MAX } from './cached-lane.js'
import { feedKey, stateKey } from './keys.js'
import { openRedis, type Redis } from './redis.js'

const [FLEET, LANE] = ['fleet', 1]
const key = stateKey(FLEET, LANE)

let servers: ScratchServers
let redis: Redis
beforeEach(async () => {
  servers = await scratchServers()
  redis = openRedis(servers.scratch.url, servers.logger)
  await eventually('Redis answers', () => redis.isReady)
})
afterEach(async () => {
  redis.destroy()
  await servers.scratch.drop()
  await servers.database.drop()
})

const change = (text: string): FeedChange => ['a.v1:a', 'new', [text], '1', 0, '1']

test('what a batch changes beyond what can be told is not told: a new generation begins there, and goes on', async () => {
  const setup = { fleet: FLEET, lane: LANE, epoch: 1n, position: 0n, builds: '', fields: {} }
  const writer = new CacheWriter(redis, [setup], servers.logger)
  await writer.begin()
  const apply = (position: bigint, changes: readonly FeedChange[]): Promise<void> =>
    writer.apply({ position }, new Map([[LANE, { changes, documents: [] }]]))
  const state = () => redis.hmGet(key, ['generation', 'applied', 'fed'])
  await apply(1n, [change('x')])
  const [first] = await state()
  const large = change('x'.repeat(CHANGES_LENGTH_MAX / 4))
  await apply(2n, [large, large, large, large])
  const [second] = await state()
  expect(second).not.toBe(first)
  expect(await state()).toEqual([second, '2', '2'])
  expect(await redis.xLen(feedKey(second!))).toBe(0)
  await apply(3n, [change('y')])
  expect(await state()).toEqual([second, '3', '3'])
  expect(await redis.xLen(feedKey(second!))).toBe(1)
})
