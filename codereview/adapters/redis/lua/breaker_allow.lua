-- Whether to call a model. KEYS: its circuit. ARGV: ttl of a probe (ms), name of this call
local open_until, probe_until, probe = unpack(redis.call('HMGET', KEYS[1], 'openUntil', 'probeUntil', 'probe'))
if not open_until then
  return 1
end
local now = now_ms()
if tonumber(open_until) > now then
  return 0
end
if tonumber(probe_until or 0) > now then
  return probe == ARGV[2] and 1 or 0
end
redis.call('HSET', KEYS[1], 'probeUntil', digits(now + ARGV[1]), 'probe', ARGV[2])
keep_index(KEYS[1], 2 * ARGV[1])
return 1
