-- A cached answer, or nothing. KEYS: answers, their last uses. ARGV: ttl (ms), key
local now, used_at = now_ms(), redis.call('ZSCORE', KEYS[2], ARGV[2])
if not used_at or tonumber(used_at) <= now - ARGV[1] then
  return false
end
redis.call('ZADD', KEYS[2], digits(now), ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return redis.call('HGET', KEYS[1], 'a:' .. ARGV[2])
