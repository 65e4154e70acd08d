import { BUDGET_LUA } from './budget.js'
import { ROW_KEYS, STATE_KEY } from './keys.js'
import { type Redis } from './redis.js'
import { Script } from './script.js'

/**
 * Drops rows that are not of the generation that is current at this moment.
 * KEYS: state. ARGV: ttl of rows in s, keys of rows. Returns how many it dropped.
 */
const SWEEP_LUA = `${BUDGET_LUA}
local generation = redis.call('HGET', KEYS[1], 'generation')
local prefix = generation and 'hw:rm:' .. generation .. ':row:'
local dropped = 0
for i = 2, #ARGV do
  if not prefix or ARGV[i]:sub(1, #prefix) ~= prefix then
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
export async function sweepGenerations(redis: Redis, ttl_s: number): Promise<void> {
  for await (const keys of redis.scanIterator({ MATCH: ROW_KEYS, COUNT: KEYS_AT_ONCE }))
    if (keys.length > 0) await script.run(redis, STATE_KEY, [String(ttl_s), ...keys])
}
