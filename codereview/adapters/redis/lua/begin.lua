-- Reserve an idempotency key; what it stands for when it is taken.
-- KEYS: the record. ARGV: ttl of the reservation (ms), digest of the body, name of this call
local ttl, digest, call = unpack(ARGV)
local taken, review, holder = unpack(redis.call('HMGET', KEYS[1], 'digest', 'reviewId', 'call'))
if taken and holder ~= call then
  return {taken, review}
end
redis.call('HSET', KEYS[1], 'digest', digest, 'reviewId', '', 'call', call)
redis.call('PEXPIRE', KEYS[1], ttl)
return false
