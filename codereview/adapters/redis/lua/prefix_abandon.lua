-- The leader failed before its prefix was cached. KEYS: the prefix.
if redis.call('GET', KEYS[1]) ~= 'open' then
  redis.call('DEL', KEYS[1])
end
return 1
