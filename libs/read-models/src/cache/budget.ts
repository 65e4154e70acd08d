/**
 * How the rows in Redis keep to their budget. BullMQ needs `noeviction`, so nobody else drops them. `hw:rm:bytes` counts bytes by
 * the five minutes in which a row was last written, which its remaining time to live tells: rows that expire leave the count with their
 * five minutes, whatever generation they were of. While the budget is used up, rows that are there are kept up to date, and new
 * ones are not cached.
 */
export const BUDGET_KEY = 'hw:rm:bytes'
/** Where nobody has set another, in bytes. */
export const CACHE_BYTES_MAX = 256 * 1024 * 1024

/** What Redis keeps of a row beside its key and its value: entry, expiry, headers of strings. Measured: 120 to 150 bytes. */
const ROW_OVERHEAD_BYTES = 150
const SPAN_S = 300

/**
 * For scripts that write rows: `put(key, value, ttl in s, is it only to be added?)`, `drop(key)`, and `settle(ttl)` at the end. Keeps its
 * sums in the script and writes them once.
 */
export const BUDGET_LUA = `
local now = tonumber(redis.call('TIME')[1])
local bytes_max, used, sums = ${CACHE_BYTES_MAX}, 0, {}
do
  local known = redis.call('HGETALL', '${BUDGET_KEY}')
  for i = 1, #known, 2 do
    if known[i] == 'max' then bytes_max = tonumber(known[i + 1])
    else used = used + tonumber(known[i + 1]) end
  end
end
local function count(at, bytes)
  local span = math.floor(at / ${SPAN_S})
  sums[span] = (sums[span] or 0) + bytes
  used = used + bytes
end
local function uncount(key, ttl)
  local left = redis.call('TTL', key)
  if left < 0 then return false end
  count(now + left - ttl, -(#key + redis.call('STRLEN', key) + ${ROW_OVERHEAD_BYTES}))
  return true
end
local function drop(key, ttl)
  uncount(key, ttl)
  redis.call('DEL', key)
end
local function put(key, value, ttl, only_add)
  if only_add and redis.call('EXISTS', key) == 1 then return end
  local bytes = #key + #value + ${ROW_OVERHEAD_BYTES}
  if not uncount(key, ttl) and used + bytes > bytes_max then return end
  redis.call('SET', key, value, 'EX', ttl)
  count(now, bytes)
end
local function settle(ttl)
  for span, bytes in pairs(sums) do redis.call('HINCRBY', '${BUDGET_KEY}', span, bytes) end
  local oldest = math.floor((now - ttl) / ${SPAN_S})
  for _, span in ipairs(redis.call('HKEYS', '${BUDGET_KEY}')) do
    if span ~= 'max' and tonumber(span) < oldest then redis.call('HDEL', '${BUDGET_KEY}', span) end
  end
end
`
