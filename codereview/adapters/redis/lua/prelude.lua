-- Common to every script. The KEYS of a script about one review are always these, in this order
-- (codereview/adapters/redis/keys.py, ReviewKeys).
local STATE, UNITS, EVENTS, FINDINGS, EMITTED, SOURCE, CHANNEL, DEADLINES, WAITING = unpack(KEYS)

-- The server's time in milliseconds; no client's clock enters.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A whole number as digits: Lua itself would write large ones with an exponent.
local function digits(number)
  return string.format('%.0f', number)
end

-- Every key of the review lives on for a while after each write.
local function keep(ttl_ms)
  for _, key in ipairs({STATE, UNITS, EVENTS, FINDINGS, EMITTED, SOURCE}) do
    redis.call('PEXPIRE', key, ttl_ms)
  end
end

-- Indexes over all reviews live at least as long as what they index.
local function keep_index(key, ttl_ms)
  if redis.call('PTTL', key) < tonumber(ttl_ms) then
    redis.call('PEXPIRE', key, digits(ttl_ms))
  end
end

local function decided()
  return redis.call('HGET', STATE, 'decision')
end

local function set_unit(unit, fields)
  local command = {}
  for name, value in pairs(fields) do
    command[#command + 1] = name .. ':' .. unit
    command[#command + 1] = value
  end
  redis.call('HSET', UNITS, unpack(command))
end

local function get_unit(unit, ...)
  local fields = {}
  for i, name in ipairs({...}) do
    fields[i] = name .. ':' .. unit
  end
  return unpack(redis.call('HMGET', UNITS, unpack(fields)))
end

local function ended(status)
  return status ~= 'queued' and status ~= 'running'
end

-- Whether this token still has the unit: a lease whose time ran out is lost even when nobody took it.
local function holds(unit, token, now)
  local status, holder, till = get_unit(unit, 'status', 'token', 'leaseUntil')
  return status == 'running' and holder == token and tonumber(till) > now
end

local function end_unit(unit, status, outcome)
  set_unit(unit, {status = status, leaseUntil = '0'})
  if outcome then
    set_unit(unit, {outcome = outcome})
  end
  redis.call('HINCRBY', STATE, 'unitsDone', 1)
end

-- The whole live state at one moment.
local function snapshot(now)
  return {redis.call('HGETALL', STATE), redis.call('HGETALL', UNITS), redis.call('LLEN', EVENTS), digits(now)}
end

-- The review is no longer waited for. Counted once, however often this is called.
local function forget(id)
  redis.call('ZREM', DEADLINES, id)
  local owner = redis.call('HGET', WAITING, 'owner:' .. id)
  if owner then
    redis.call('HDEL', WAITING, 'owner:' .. id)
    if redis.call('HINCRBY', WAITING, 'count:' .. owner, -1) <= 0 then
      redis.call('HDEL', WAITING, 'count:' .. owner)
    end
  end
end
