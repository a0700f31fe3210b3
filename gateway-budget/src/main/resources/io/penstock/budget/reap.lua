-- Charges a dead owner in full; again until told that its rows are in the ledger.
-- KEYS: epoch, own, live, ready   ARGV: prefix, E, owner, lease ms, done
-- Answers OK (id, meta, a)... | DONE | EPOCH E
local call = redis.call
local E = call('HGET', KEYS[1], 'E')
if E ~= ARGV[2] then return {'EPOCH', E or '0'} end
local o = ARGV[3]
local t = call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
if ARGV[5] == '1' then
  if call('HGET', KEYS[2], o) == 'closed' then call('ZREM', KEYS[3], o) end
  return {'DONE'}
end
local till = call('ZSCORE', KEYS[3], o)
if not till or tonumber(till) >= now then return {'OK'} end
call('HSET', KEYS[2], o, 'closed')
call('ZADD', KEYS[3], now + tonumber(ARGV[4]), o)
call('HSET', KEYS[4], o, '1')
local out = {'OK'}
for _, id in ipairs(call('SMEMBERS', ARGV[1] .. ':' .. E .. ':h:' .. o)) do
  local k = ARGV[1] .. ':' .. E .. ':c:' .. id
  local z = call('HMGET', k, 'a' .. o, 's' .. o, 'p', 'n')
  call('HDEL', k, 'w' .. o)
  if z[1] then
    local a, s = z[1], z[2]
    if z[3] == '1' then
      call('HINCRBY', k, 'used', a:sub(1, 1) == '-' and a:sub(2) or (a == '0' and a or '-' .. a))
      call('HSET', k, 'a' .. o, '0')
    else
      call('HINCRBY', k, 'spent', a)
      call('HINCRBY', k, 'spent', s:sub(1, 1) == '-' and s:sub(2) or (s == '0' and s or '-' .. s))
      call('HSET', k, 's' .. o, a)
      if call('HEXISTS', k, 'al') == 1 then
        -- An alert that it had claimed may never have been sent.
        for _, f in ipairs(call('HKEYS', k)) do
          if string.sub(f, 1, 3) == 'al:' and call('HGET', k, f) == o then call('HDEL', k, f) end
        end
      end
      if a ~= '0' then
        out[#out + 1] = id; out[#out + 1] = z[4]; out[#out + 1] = a
      end
    end
  end
end
if #out == 1 then call('ZREM', KEYS[3], o) end
return out
