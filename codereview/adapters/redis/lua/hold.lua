-- Take a named lock. KEYS: the lock. ARGV: ttl (ms), name of this call
if redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[1]) then
  return 1
end
return redis.call('GET', KEYS[1]) == ARGV[2] and 1 or 0
