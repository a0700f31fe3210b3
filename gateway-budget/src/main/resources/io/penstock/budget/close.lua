-- Ends an owner: its counters become what the ledger has of it.
-- KEYS: epoch, own, live   ARGV: prefix, E, owner, (id, meta, end, sum)...
-- Answers DONE | EPOCH E
local call = redis.call
local function neg(v)
  if v == '0' then return v elseif v:sub(1, 1) == '-' then return v:sub(2) else return '-' .. v end
end
local t = call('TIME')
local idle = string.format('%.0f', tonumber(t[1]) * 1000 + 2505600000)
local E = call('HGET', KEYS[1], 'E')
if E ~= ARGV[2] then return {'EPOCH', E or '0'} end
local o = ARGV[3]
call('HSET', KEYS[2], o, 'closed')
call('ZREM', KEYS[3], o)
local sums, touched = {}, ARGV[1] .. ':' .. E .. ':h:' .. o
for i = 4, #ARGV, 4 do
  local id = ARGV[i]
  local k = ARGV[1] .. ':' .. E .. ':c:' .. id
  if call('EXISTS', k) == 0 then
    call('HSET', k, 'n', ARGV[i + 1], 'p', '0', 'used', '0', 'spent', '0')
    call('ZADD', ARGV[1] .. ':end', ARGV[i + 2] ~= '' and ARGV[i + 2] or idle, k)
    call('SADD', ARGV[1] .. ':' .. E .. ':all', id)
  end
  call('SADD', touched, id)
  sums[id] = ARGV[i + 3]
end
for _, id in ipairs(call('SMEMBERS', touched)) do
  local k = ARGV[1] .. ':' .. E .. ':c:' .. id
  local total = sums[id] or '0'
  local z = call('HMGET', k, 'a' .. o, 's' .. o)
  call('HINCRBY', k, 'used', neg(z[1] or '0')); call('HINCRBY', k, 'used', total)
  call('HINCRBY', k, 'spent', neg(z[2] or '0')); call('HINCRBY', k, 'spent', total)
  call('HSET', k, 'a' .. o, total, 's' .. o, total)
  call('HDEL', k, 'w' .. o)
end
call('DEL', touched)
return {'DONE'}
