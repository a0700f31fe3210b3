-- Opens a connection; also the heartbeat.
-- KEYS: epoch, own, live, ready   ARGV: prefix, E, owner, fence, ready, lease ms, quarantine ms
-- Answers OK E owner time open expired... | EPOCH E | GONE E | FENCE
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local ep = redis.call('HMGET', KEYS[1], 'E', 'run', 'open', 'born')
if not ep[1] or ep[2] ~= run then
  -- No data, or data of another server that may have lacked the last writes: a new life.
  local last = tonumber(ep[1] or '0')
  local e = math.max(math.floor(now / 64), last + 1)
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
  if last > 0 then redis.call('SADD', ARGV[1] .. ':past', string.format('%.0f', last)) end
  redis.call('HSET', KEYS[1], 'E', string.format('%.0f', e), 'run', run, 'open', '0',
    'born', string.format('%.0f', now))
  ep = redis.call('HMGET', KEYS[1], 'E', 'run', 'open', 'born')
end
local E = ep[1]
if ARGV[2] ~= E then return {'EPOCH', E} end
local o = ARGV[3]
-- An owner is written E:number; the replica makes one 64-bit number of both.
if o == '0' then o = tostring(redis.call('HINCRBY', KEYS[1], 'owners', 1)) end
local fence = redis.call('HGET', KEYS[2], o)
if fence == 'closed' then return {'GONE', E} end
if fence and tonumber(fence) > tonumber(ARGV[4]) then return {'FENCE'} end
redis.call('HSET', KEYS[2], o, ARGV[4])
redis.call('ZADD', KEYS[3], now + tonumber(ARGV[6]), o)
redis.call('HSET', KEYS[4], o, ARGV[5])
local open = ep[3]
if open ~= '1' and now >= tonumber(ep[4]) + tonumber(ARGV[7]) then
  open = '1'
  for _, x in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], now, '+inf')) do
    if redis.call('HGET', KEYS[4], x) ~= '1' then open = '0' end
  end
  if open == '1' then redis.call('HSET', KEYS[1], 'open', '1') end
end
local out = {'OK', E, o, string.format('%.0f', now), open}
for _, x in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. string.format('%.0f', now), 'LIMIT', 0, 16)) do
  out[#out + 1] = x
end
-- Counters whose window ended a day ago leave, a few at a time; those of past epochs with them. So do
-- those without end that were idle for 30 days, unless somebody holds some of them.
local ends = ARGV[1] .. ':end'
local endless = ' 9223372036854775807 '
for _, c in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', string.format('%.0f', now - 86400000), 'LIMIT', 0, 500)) do
  local z = redis.call('HMGET', c, 'n', 'used', 'spent')
  if z[1] and string.find(z[1], endless, 1, true) and z[2] ~= z[3] then
    redis.call('ZADD', ends, string.format('%.0f', now), c)
  else
    redis.call('UNLINK', c)
    redis.call('ZREM', ends, c)
    local life, id = string.match(c, '^(.*):c:(.-)$')
    redis.call('SREM', life .. ':all', id)
  end
end
local past = redis.call('SRANDMEMBER', ARGV[1] .. ':past')
if past then
  local ids = redis.call('SPOP', ARGV[1] .. ':' .. past .. ':all', 500)
  for _, id in ipairs(ids) do
    redis.call('UNLINK', ARGV[1] .. ':' .. past .. ':c:' .. id)
    redis.call('ZREM', ends, ARGV[1] .. ':' .. past .. ':c:' .. id)
  end
  if #ids == 0 then redis.call('SREM', ARGV[1] .. ':past', past) end
end
return out
