-- Tells allowances, asks for grants, takes portions of rates. Money is never a Lua number: it is
-- added by HINCRBY as decimal strings and compared by sign, length and digits.
-- KEYS: epoch, own, live   ARGV: prefix, E, owner, fence, lease ms,
--   n counters of (id, meta, end, permit, attach, have, spent, limit, low, extra, drained, claim, alerts as percent:amount,...),
--   n calls of (k, k of (counter, need, most)), n takes of (id, window, limit, need, extra)
-- Answers OK open living, per counter (a, s, used, spent, tight, waiting, won, taken, given),
--   per call its outcome, per take (granted, remaining, retry), owners whose lease is over... | EPOCH E | FENCE
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
local ep = call('HMGET', KEYS[1], 'E', 'open')
if ep[1] ~= ARGV[2] then return {'EPOCH', ep[1] or '0'} end
local prefix, E, o = ARGV[1], ARGV[2], ARGV[3]
if call('HGET', KEYS[2], o) ~= ARGV[4] then return {'FENCE'} end
local t = call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local nows = string.format('%.0f', now)
call('ZADD', KEYS[3], now + tonumber(ARGV[5]), o)
local open = ep[2] == '1'
local fa, fs, fw = 'a' .. o, 's' .. o, 'w' .. o
local base, p = prefix .. ':' .. E .. ':c:', 6
local nc = tonumber(ARGV[p]); p = p + 1
local L = {}
for i = 1, nc do
  local c = {key = base .. ARGV[p], id = ARGV[p], limit = ARGV[p + 7], low = ARGV[p + 8],
    extra = ARGV[p + 9], drained = ARGV[p + 10] == '1', claim = tonumber(ARGV[p + 11]), alerts = ARGV[p + 12]}
  local k = c.key
  local z = call('HMGET', k, fa, fs, fw)
  if not z[1] then
    if call('EXISTS', k) == 0 then
      call('HSET', k, 'n', ARGV[p + 1], 'p', ARGV[p + 3], 'used', '0', 'spent', '0')
      if ARGV[p + 2] ~= '' then call('ZADD', prefix .. ':end', ARGV[p + 2], k) end
      call('SADD', prefix .. ':' .. E .. ':all', c.id)
    end
    call('SADD', prefix .. ':' .. E .. ':h:' .. o, c.id)
    call('HSET', k, fa, '0', fs, '0')
  end
  local a0, s0 = z[1] or '0', z[2] or '0'
  local have, spent = a0, s0
  if ARGV[p + 4] ~= '1' then
    have, spent = ARGV[p + 5], ARGV[p + 6]
    if have ~= a0 then
      call('HINCRBY', k, 'used', neg(a0)); call('HINCRBY', k, 'used', have)
    end
    if spent ~= s0 then
      call('HINCRBY', k, 'spent', neg(s0)); call('HINCRBY', k, 'spent', spent)
    end
    call('HSET', k, fa, have, fs, spent)
  end
  -- One without end is forgotten when nothing of it has changed for 30 days: hello.lua adds the last.
  if ARGV[p + 2] == '' and (not z[1] or have ~= a0 or spent ~= s0) then
    call('ZADD', prefix .. ':end', string.format('%.0f', now + 2505600000), k)
  end
  if z[3] and (c.drained or have == spent) then call('HDEL', k, fw) end
  L[i] = c
  p = p + 13
end
local outcomes = {}
local ng = tonumber(ARGV[p]); p = p + 1
for g = 1, ng do
  local n = tonumber(ARGV[p]); p = p + 1
  local refused, done = nil, 0
  if not open then refused = '-2' end
  for j = 1, n do
    if refused then break end
    local ci, need, most = tonumber(ARGV[p + 3 * j - 3]), ARGV[p + 3 * j - 2], ARGV[p + 3 * j - 1]
    local c = L[ci + 1]
    -- What needs nothing of a budget is not refused by it, however far it is over.
    if need == '0' then
      done = j
    elseif gt(need, most) then
      refused = tostring(ci)
    else
      call('HINCRBY', c.key, 'used', need)
      done = j
      if gt(call('HGET', c.key, 'used'), most) then refused = tostring(ci) end
    end
    if refused then
      c.refused = true
      -- Only how long a recall is kept depends on it: what is spent nobody gives back.
      local spent = tonumber(call('HGET', c.key, 'spent'))
      if spent + tonumber(need) <= tonumber(most) then
        c.keep = math.min(c.keep or math.huge, tonumber(c.limit) - tonumber(need))
      end
    end
  end
  for j = 1, refused and done or n do
    local c, need = L[tonumber(ARGV[p + 3 * j - 3]) + 1], ARGV[p + 3 * j - 2]
    if refused then call('HINCRBY', c.key, 'used', neg(need))
    else call('HINCRBY', c.key, fa, need) end
  end
  outcomes[g] = refused or '-1'
  p = p + 3 * n
end
local living = math.max(1, call('ZCOUNT', KEYS[3], nows, '+inf'))
local out = {'OK', open and '1' or '0', tostring(living)}
for i = 1, nc do
  local c = L[i]
  local k = c.key
  local z = call('HMGET', k, 'used', 'tight', 'kl', 'ku')
  -- Only to choose how much more to offer; what is granted is compared exactly below.
  local room = tonumber(c.limit) - tonumber(z[1])
  local low, tight = tonumber(c.low), z[2]
  if tight == '0' then tight = nil end
  -- Who waits keeps the recall on until there is room: else whoever answers it under a larger
  -- limit, or needs less, would end it.
  local kept = z[4] and tonumber(z[4]) > now and tonumber(z[3]) or math.huge
  if not tight and (c.refused or room < low) then
    tight = tostring(call('HINCRBY', k, 'g', 1))
    call('HSET', k, 'tight', tight)
    local all, h = call('HGETALL', k), {}
    for q = 1, #all, 2 do
      h[all[q]] = all[q + 1]
      if string.match(all[q], '^w%d') then call('HDEL', k, all[q]) end
    end
    for f, v in pairs(h) do
      local x = string.match(f, '^a(%d+)$')
      if x and gt(v, h['s' .. x]) and not (x == o and c.drained) then
        local till = call('ZSCORE', KEYS[3], x)
        if till and tonumber(till) >= now then call('HSET', k, 'w' .. x, '1') end
      end
    end
    call('PUBLISH', prefix .. ':tight', c.id .. ' ' .. tight)
  elseif tight and not c.refused and math.min(tonumber(c.limit), kept) - tonumber(z[1]) > 2 * low then
    call('HSET', k, 'tight', '0')
    tight = nil
  end
  if not tight and open and room > 0 then
    local e = math.min(tonumber(c.extra), math.floor(room / (2 * living)))
    if e >= 1 then
      local es = string.format('%.0f', e)
      call('HINCRBY', k, 'used', es)
      if gt(call('HGET', k, 'used'), c.limit) then call('HINCRBY', k, 'used', '-' .. es)
      else call('HINCRBY', k, fa, es) end
    end
  end
  local waiting = 0
  if tight then
    for _, f in ipairs(call('HKEYS', k)) do
      local x = string.match(f, '^w(%d+)$')
      if x then
        local till = call('ZSCORE', KEYS[3], x)
        if till and tonumber(till) >= now then waiting = waiting + 1 else call('HDEL', k, f) end
      end
    end
  end
  if c.keep and waiting > 0 then
    call('HSET', k, 'kl', string.format('%.0f', math.min(c.keep, kept)), 'ku', string.format('%.0f', now + math.floor(tonumber(ARGV[5]) / 10)))
  end
  local won, taken = 0, 0
  if c.claim > 0 or (c.alerts ~= '' and call('HEXISTS', k, 'al') == 1) then
    -- By percent and amount, so that another limit has alerts of its own: a bit is a place in the
    -- sender's list, which another configuration orders otherwise. What was given back since it
    -- was claimed may have brought the counter below it.
    local bit, spent = 1, call('HGET', k, 'spent')
    for alert in string.gmatch(c.alerts, '[^,]+') do
      local f = 'al:' .. alert
      if math.floor(c.claim / bit) % 2 == 1 and not gt(string.match(alert, '%d+$'), spent)
        and (call('HSETNX', k, f, o) == 1 or call('HGET', k, f) == o) then
        won = won + bit
      end
      if call('HEXISTS', k, f) == 1 then taken = taken + bit end
      bit = bit * 2
    end
    call('HSET', k, 'al', '1')
  end
  local r = call('HMGET', k, fa, fs, 'used', 'spent', 'given')
  for q = 1, 4 do out[#out + 1] = r[q] end
  out[#out + 1] = tight or '0'
  out[#out + 1] = tostring(waiting)
  out[#out + 1] = tostring(won)
  out[#out + 1] = tostring(taken)
  out[#out + 1] = r[5] or '0'
end
for g = 1, ng do out[#out + 1] = outcomes[g] end
-- Rates are counts well below 2^53: numbers are exact enough for them.
local nt = tonumber(ARGV[p]); p = p + 1
for i = 1, nt do
  local k, window, limit = prefix .. ':r:' .. ARGV[p], tonumber(ARGV[p + 1]), tonumber(ARGV[p + 2])
  local need, extra = tonumber(ARGV[p + 3]), tonumber(ARGV[p + 4])
  p = p + 5
  local z = call('HMGET', k, 'i', 'c', 'p', 'w')
  local index, cur, prev, w = tonumber(z[1] or '0'), tonumber(z[2] or '0'), tonumber(z[3] or '0'), tonumber(z[4] or '0')
  local at = math.floor(now / window)
  if w ~= window then prev, cur = 0, 0
  elseif at == index + 1 then prev, cur = cur, 0
  elseif at > index then prev, cur = 0, 0 end
  -- Also when the clock was set back: what was taken counts in the window that it shows.
  index = at
  local left = window - now % window
  local weighted = cur + math.ceil(prev * left / window)
  local granted, retry = 0, left
  if weighted + need > limit then
    local over = cur + need - limit
    local amount, fits, to, plus = prev, -over, left, 0
    if over > 0 then amount, fits, to, plus = cur, math.max(0, limit - need), window, left end
    if amount <= 0 then retry = plus + 1
    else retry = plus + math.max(1, to - math.floor(fits * window / amount)) end
  else
    granted = need + math.min(extra, math.floor((limit - weighted - need) / (2 * living)))
    cur = cur + granted
  end
  call('HSET', k, 'i', string.format('%.0f', index), 'c', string.format('%.0f', cur),
    'p', string.format('%.0f', prev), 'w', string.format('%.0f', window))
  call('PEXPIRE', k, 2 * window + 1000)
  out[#out + 1] = string.format('%.0f', granted)
  out[#out + 1] = string.format('%.0f', math.max(0, limit - weighted - granted))
  out[#out + 1] = string.format('%.0f', retry)
end
-- Whoever speaks hears of the dead at once: what they hold comes back, or is charged, by reap.lua.
for _, x in ipairs(call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. nows, 'LIMIT', 0, 16)) do
  out[#out + 1] = x
end
return out
