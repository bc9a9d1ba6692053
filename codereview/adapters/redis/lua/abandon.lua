-- Free a key that is reserved and no more. KEYS: the record
if redis.call('HGET', KEYS[1], 'reviewId') ~= '' then
  return 0
end
return redis.call('DEL', KEYS[1])
