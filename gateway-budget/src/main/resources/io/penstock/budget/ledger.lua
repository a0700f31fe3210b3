-- Tells what the ledger has of owners that are not of this epoch.
-- KEYS: epoch   ARGV: prefix, E, (id, meta, end, version, sum)...
-- Answers DONE | EPOCH E
local call = redis.call
local function neg(v)
  if v == '0' then return v elseif v:sub(1, 1) == '-' then return v:sub(2) else return '-' .. v end
end
local function gt(a, b)
  local na, nb = a:sub(1, 1) == '-', b:sub(1, 1) == '-'
  if na ~= nb then return nb end
  if na then a, b = b:sub(2), a:sub(2) end
  if #a ~= #b then return #a > #b end
  return a > b
end
local t = call('TIME')
local idle = string.format('%.0f', tonumber(t[1]) * 1000 + 2505600000)
local E = call('HGET', KEYS[1], 'E')
if E ~= ARGV[2] then return {'EPOCH', E or '0'} end
for i = 3, #ARGV, 5 do
  local id, version, sum = ARGV[i], ARGV[i + 3], ARGV[i + 4]
  local k = ARGV[1] .. ':' .. E .. ':c:' .. id
  if call('EXISTS', k) == 0 then
    call('HSET', k, 'n', ARGV[i + 1], 'p', '0', 'used', '0', 'spent', '0')
    call('ZADD', ARGV[1] .. ':end', ARGV[i + 2] ~= '' and ARGV[i + 2] or idle, k)
    call('SADD', ARGV[1] .. ':' .. E .. ':all', id)
  end
  local z = call('HMGET', k, 'lv', 'l')
  -- Versions are counted from 0 by the ledger; they stay below 2^53.
  if not z[1] or tonumber(version) > tonumber(z[1]) then
    local old = z[2] or '0'
    call('HINCRBY', k, 'used', neg(old)); call('HINCRBY', k, 'used', sum)
    call('HINCRBY', k, 'spent', neg(old)); call('HINCRBY', k, 'spent', sum)
    call('HSET', k, 'lv', version, 'l', sum)
    if gt(old, sum) then
      -- Something was given back: alerts that it has brought the counter below are told anew.
      call('HSET', k, 'given', version)
      if call('HEXISTS', k, 'al') == 1 then
        local spent = call('HGET', k, 'spent')
        for _, f in ipairs(call('HKEYS', k)) do
          local amount = string.match(f, '^al:%d+:(%d+)$')
          if amount and gt(amount, spent) then call('HDEL', k, f) end
        end
      end
    end
  end
end
return {'DONE'}
