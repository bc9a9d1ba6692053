-- Record the review a reserved request made. KEYS: the record. ARGV: ttl (ms), review id
if redis.call('HGET', KEYS[1], 'reviewId') ~= '' then
  return 0
end
redis.call('HSET', KEYS[1], 'reviewId', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
