-- Keep an answer, and drop what is unused for too long or too much. KEYS: answers, their last uses.
-- ARGV: ttl (ms), bytes of all answers, key, value
local ttl, max_bytes, key, value = unpack(ARGV)
local now = now_ms()

local function drop(name)
  local length = redis.call('HSTRLEN', KEYS[1], 'a:' .. name)
  if length > 0 then
    redis.call('HINCRBY', KEYS[1], 'bytes', digits(-length))
  end
  redis.call('HDEL', KEYS[1], 'a:' .. name)
  redis.call('ZREM', KEYS[2], name)
end

drop(key)
redis.call('HSET', KEYS[1], 'a:' .. key, value)
redis.call('ZADD', KEYS[2], digits(now), key)
local bytes = redis.call('HINCRBY', KEYS[1], 'bytes', #value)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', digits(now - ttl), 'LIMIT', 0, 100)) do
  drop(name)
end
while tonumber(redis.call('HGET', KEYS[1], 'bytes')) > tonumber(max_bytes) do
  drop(redis.call('ZRANGE', KEYS[2], 0, 0)[1])
end
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('PEXPIRE', KEYS[2], ttl)
return bytes
