import { BUDGET_LUA } from './budget.js'

/**
 * Applies one batch to lanes, each if it follows on what was applied there, by an owner that is not fenced. An entry goes into a lane's feed
 * only when something has changed there; it names the one before it.
 * KEYS: states of the lanes. ARGV: ttl in s, position, then for each lane: epoch, after, changes (JSON), number of changes, least feed id to
 * keep ('' none), number of documents, and so many pairs of row suffix and value ('' deletes).
 * Returns `ok`, `gap` or `fenced` for each lane; only `ok` changed anything. A row beyond the budget is not cached.
 */
export const APPLY_LUA = `${BUDGET_LUA}
local outcomes = {}
local at = 3
for lane = 1, #KEYS do
  local epoch, after, changes, number, least = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local first = at + 6
  at = first + 2 * tonumber(ARGV[at + 5])
  local state = redis.call('HMGET', KEYS[lane], 'generation', 'epoch', 'applied', 'fed')
  if not state[1] then outcomes[lane] = 'gap'
  elseif tonumber(state[2]) > tonumber(epoch) then outcomes[lane] = 'fenced'
  elseif state[3] ~= after then outcomes[lane] = 'gap'
  else
    local prefix = 'hw:rm:' .. state[1] .. ':row:'
    for i = first, at - 1, 2 do
      if ARGV[i + 1] == '' then drop(prefix .. ARGV[i], ARGV[1])
      else put(prefix .. ARGV[i], ARGV[i + 1], ARGV[1]) end
    end
    if number ~= '0' then
      local feed = 'hw:rm:' .. state[1] .. ':feed'
      redis.call('XADD', feed, ARGV[2] .. '-0', 'after', state[4], 'changes', changes)
      redis.call('EXPIRE', feed, ARGV[1])
      if least ~= '' then redis.call('XTRIM', feed, 'MINID', least) end
      redis.call('HSET', KEYS[lane], 'epoch', epoch, 'applied', ARGV[2], 'fed', ARGV[2])
    else
      redis.call('HSET', KEYS[lane], 'epoch', epoch, 'applied', ARGV[2])
    end
    redis.call('EXPIRE', KEYS[lane], ARGV[1])
    outcomes[lane] = 'ok'
  end
end
settle(ARGV[1])
return outcomes`

/**
 * Begins a new generation of a lane at a position: after a gap, nothing cached before may look fresh. Old rows expire, the old feed wakes
 * its readers and is dropped soon.
 * KEYS: state. ARGV: epoch, position, generation, builds, ttl in s, then pairs of further fields and what they hold. Returns `ok` or `fenced`.
 */
export const RESET_LUA = `
local state = redis.call('HMGET', KEYS[1], 'generation', 'epoch')
if state[2] and tonumber(state[2]) > tonumber(ARGV[1]) then return 'fenced' end
if state[1] then
  local old = 'hw:rm:' .. state[1] .. ':feed'
  redis.call('XADD', old, '*', 'reset', '1')
  redis.call('EXPIRE', old, 60)
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'generation', ARGV[3], 'epoch', ARGV[1], 'applied', ARGV[2], 'fed', ARGV[2], 'builds', ARGV[4])
for i = 6, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 'ok'`

/**
 * Lets states of lanes and their feeds live on, and sees whether Redis has lost some of what it was told.
 * KEYS: states of the lanes. ARGV: ttl in s, then for each lane: epoch, position up to which it was told. Returns `ok`, `gap` or `fenced` for each; only
 * those that are `ok` live on.
 */
export const TEND_LUA = `
local outcomes = {}
for lane = 1, #KEYS do
  local epoch, told = ARGV[2 * lane], ARGV[2 * lane + 1]
  local state = redis.call('HMGET', KEYS[lane], 'generation', 'epoch', 'applied')
  if not state[1] then outcomes[lane] = 'gap'
  elseif tonumber(state[2]) > tonumber(epoch) then outcomes[lane] = 'fenced'
  elseif tonumber(state[3]) < tonumber(told) then outcomes[lane] = 'gap'
  else
    redis.call('EXPIRE', KEYS[lane], ARGV[1])
    redis.call('EXPIRE', 'hw:rm:' .. state[1] .. ':feed', ARGV[1])
    outcomes[lane] = 'ok'
  end
end
return outcomes`

/**
 * Rows and the position that each reflects, in one round trip and one moment.
 * KEYS: states of their lanes. ARGV: for each row the number of its state, fields of its own position and build, row suffix; at most some hundred
 * rows. Returns for each row generation, position, build, and value; false for what is not there.
 */
export const READ_LUA = `
local answer = {}
for i = 1, #ARGV, 4 do
  local state = redis.call('HMGET', KEYS[tonumber(ARGV[i])], 'generation', 'applied', ARGV[i + 1], ARGV[i + 2])
  answer[i] = state[1]
  answer[i + 1] = state[3] or state[2]
  answer[i + 2] = state[4]
  answer[i + 3] = state[1] and redis.call('GET', 'hw:rm:' .. state[1] .. ':row:' .. ARGV[i + 3])
end
return answer`

/**
 * Keeps a row that a reader found in a replica, if it is exactly as fresh as the cache and within the budget.
 * KEYS: state. ARGV: generation, position, ttl in s, row suffix, value, own field.
 */
export const FILL_LUA = `${BUDGET_LUA}
local state = redis.call('HMGET', KEYS[1], 'generation', 'applied', ARGV[6])
if state[1] == ARGV[1] and (state[3] or state[2]) == ARGV[2] then
  put('hw:rm:' .. ARGV[1] .. ':row:' .. ARGV[4], ARGV[5], ARGV[3], true)
  settle(ARGV[3])
end
return 'ok'`
