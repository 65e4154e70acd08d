import { BUDGET_LUA } from './budget.js'
import { ROW_KEYS } from './keys.js'
import { type Redis } from './redis.js'
import { Script } from './script.js'

/**
 * Drops rows that are not of a generation that is current at this moment. Those of another fleet's lanes are dropped with them: that one
 * reads them from a replica again.
 * KEYS: states of the lanes. ARGV: ttl of rows in s, keys of rows. Returns how many it dropped.
 */
const SWEEP_LUA = `${BUDGET_LUA}
local current = {}
for i = 1, #KEYS do
  local generation = redis.call('HGET', KEYS[i], 'generation')
  if generation then current[generation] = true end
end
local dropped = 0
for i = 2, #ARGV do
  if not current[ARGV[i]:match('^hw:rm:([^:]+):row:')] then
    drop(ARGV[i], ARGV[1])
    dropped = dropped + 1
  end
end
settle(ARGV[1])
return dropped`

const KEYS_AT_ONCE = 500
const script = new Script(SWEEP_LUA)

/**
 * Rows of former generations are read by nobody and use up the budget for as long as they live: they are dropped, some hundred at
 * a time, so that Redis serves others in between. @throws when Redis does not answer; what is left expires.
 */
export async function sweepGenerations(redis: Redis, states: readonly string[], ttl_s: number): Promise<void> {
  for await (const keys of redis.scanIterator({ MATCH: ROW_KEYS, COUNT: KEYS_AT_ONCE }))
    if (keys.length > 0) await script.run(redis, states, [String(ttl_s), ...keys])
}
