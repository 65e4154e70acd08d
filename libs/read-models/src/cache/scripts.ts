import { BUDGET_LUA } from './budget.js'

/**
 * Applies one batch if it follows on what was applied, by an owner that is not fenced.
 * KEYS: state. ARGV: epoch, after, position, ttl in s, changes (JSON), number of changes, least feed id to keep ('' none),
 * then pairs of row suffix and value ('' deletes).
 * Returns `ok`, `gap` or `fenced`; only `ok` changed anything. A row beyond the budget is not cached.
 */
export const APPLY_LUA = `${BUDGET_LUA}
local state = redis.call('HMGET', KEYS[1], 'generation', 'epoch', 'applied', 'count')
if not state[1] then return 'gap' end
if tonumber(state[2]) > tonumber(ARGV[1]) then return 'fenced' end
if state[3] ~= ARGV[2] then return 'gap' end
local generation = state[1]
local prefix = 'hw:rm:' .. generation .. ':row:'
for i = 8, #ARGV, 2 do
  if ARGV[i + 1] == '' then drop(prefix .. ARGV[i], ARGV[4])
  else put(prefix .. ARGV[i], ARGV[i + 1], ARGV[4]) end
end
settle(ARGV[4])
local count = tonumber(state[4] or '0') + tonumber(ARGV[6])
local feed = 'hw:rm:' .. generation .. ':feed'
redis.call('XADD', feed, ARGV[3] .. '-0', 'after', ARGV[2], 'count', count, 'changes', ARGV[5])
if ARGV[7] ~= '' then redis.call('XTRIM', feed, 'MINID', ARGV[7]) end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'applied', ARGV[3], 'count', count)
return 'ok'`

/**
 * Begins a new generation at a position: after a gap, nothing cached before may look fresh. Old rows expire, the old feed wakes
 * its readers and is dropped soon.
 * KEYS: state. ARGV: epoch, position, generation. Returns `ok` or `fenced`.
 */
export const RESET_LUA = `
local state = redis.call('HMGET', KEYS[1], 'generation', 'epoch')
if state[2] and tonumber(state[2]) > tonumber(ARGV[1]) then return 'fenced' end
if state[1] then
  local old = 'hw:rm:' .. state[1] .. ':feed'
  redis.call('XADD', old, '*', 'reset', '1')
  redis.call('EXPIRE', old, 60)
end
redis.call('HSET', KEYS[1], 'generation', ARGV[3], 'epoch', ARGV[1], 'applied', ARGV[2], 'count', '0')
return 'ok'`

/**
 * Rows and what is applied, in one round trip and one moment.
 * KEYS: state. ARGV: row suffixes, at most some hundred. Returns generation, applied position, then a value or false for each; nothing
 * before the first reset.
 */
export const READ_LUA = `
local state = redis.call('HMGET', KEYS[1], 'generation', 'applied')
if not state[1] then return {} end
local prefix = 'hw:rm:' .. state[1] .. ':row:'
local answer = { state[1], state[2] }
for i = 1, #ARGV do answer[i + 2] = redis.call('GET', prefix .. ARGV[i]) end
return answer`

/**
 * Keeps a row that a reader found in a replica, if it is exactly as fresh as the cache and within the budget.
 * KEYS: state. ARGV: generation, position, ttl in s, row suffix, value.
 */
export const FILL_LUA = `${BUDGET_LUA}
local state = redis.call('HMGET', KEYS[1], 'generation', 'applied')
if state[1] == ARGV[1] and state[2] == ARGV[2] then
  put('hw:rm:' .. ARGV[1] .. ':row:' .. ARGV[4], ARGV[5], ARGV[3], true)
  settle(ARGV[3])
end
return 'ok'`
