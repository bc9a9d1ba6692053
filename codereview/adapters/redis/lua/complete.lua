-- End a unit with its outcome; the new snapshot, or nothing when the lease was lost.
-- ARGV: ttl (ms), unit, token, outcome, input tokens, output tokens, cost (US dollars)
local ttl, unit, token, outcome, input, output, cost = unpack(ARGV)
local now = now_ms()
local status, holder = get_unit(unit, 'status', 'token')
if status == 'done' and holder == token then
  return snapshot(now)  -- the reply to the first call was lost
end
if not holds(unit, token, now) then
  return false
end
end_unit(unit, 'done', outcome)
redis.call('HINCRBY', STATE, 'inputTokens', input)
redis.call('HINCRBY', STATE, 'outputTokens', output)
redis.call('HINCRBYFLOAT', STATE, 'costUsd', cost)
keep(ttl)
return snapshot(now)
