-- A model failed. KEYS: its circuit, when it failed. ARGV: failures that open, window, cool-down, ttl (ms), call
local failures, window, cool_down, ttl, call = unpack(ARGV)
local now = now_ms()
local open_until, last = unpack(redis.call('HMGET', KEYS[1], 'openUntil', 'call'))
if last == call then  -- counted before, its reply lost
  return 1
end
if not open_until then
  redis.call('ZADD', KEYS[2], digits(now), call)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', digits(now - window))
  redis.call('PEXPIRE', KEYS[2], window)
end
-- A failure after the cool-down is the probe's; one before it began when the circuit was closed.
local opens = not open_until and redis.call('ZCARD', KEYS[2]) >= tonumber(failures)
if opens or (open_until and tonumber(open_until) <= now) then
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'openUntil', digits(now + cool_down), 'call', call)
  redis.call('PEXPIRE', KEYS[1], ttl)
end
return 1
