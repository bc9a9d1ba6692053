-- Give a named lock back. KEYS: the lock. ARGV: name of the call that took it
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 1
