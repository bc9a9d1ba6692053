-- Book what a call cost instead of what was set aside; once. KEYS: budget of the review, budget of the hour.
-- ARGV: reservation, ttl of the review, of the hour (ms), then name and amount of each number to book
for i, key in ipairs({KEYS[1], KEYS[2]}) do
  if redis.call('HDEL', key, 'r:' .. ARGV[1]) == 1 then
    for n = 4, #ARGV, 2 do
      redis.call('HINCRBY', key, ARGV[n], ARGV[n + 1])
    end
    redis.call('PEXPIRE', key, ARGV[i + 1])
  end
end
return 1
