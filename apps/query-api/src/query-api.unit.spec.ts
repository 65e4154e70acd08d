import { Sources } from '#read-models'
import { silentLogger } from '#testing'
import { liveReadsMax } from './query-api.js'

/** Nobody answers there. */
const AWAY = 'postgres://127.0.0.1:1/none'

test.each([
  [2, 1],
  [3, 1],
  [8, 2],
  [200, 3],
])(
  'with %i connections to each of %i replicas subscriptions leave half of what these take to others',
  async (pool_max, count) => {
    const replicaUrls = Array.from({ length: count }, () => AWAY)
    const sources = new Sources({ replicaUrls, primaryUrl: AWAY, primary: 'never', pool_max, logger: silentLogger() })
    try {
      expect(liveReadsMax(sources)).toBeGreaterThan(0)
      expect(2 * liveReadsMax(sources)).toBeLessThanOrEqual(sources.places)
      // One connection to each watches.
      expect(sources.places).toBe(count * 32 * (pool_max - 1))
    } finally {
      await sources.close()
    }
  },
)
