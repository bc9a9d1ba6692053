-- Take a named lock, or keep it when this is its name already. KEYS: the lock. ARGV: ttl (ms), name of this call
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
return 1
