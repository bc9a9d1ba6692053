-- Open a review with all its units queued. Created before: nothing happens.
-- ARGV: ttl (ms), review id, owner, deadline (ms from now), then per unit: id, agent, spec
local ttl, id, owner, deadline = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4])
if redis.call('EXISTS', STATE) == 1 then
  return 0
end
local now = now_ms()
local due = digits(now + deadline)
local count = 0
for i = 5, #ARGV, 3 do
  set_unit(ARGV[i], {index = count, agent = ARGV[i + 1], spec = ARGV[i + 2], status = 'queued', enqueuedAt = digits(now)})
  count = count + 1
end
redis.call('HSET', STATE, 'status', 'pending', 'owner', owner, 'createdAt', digits(now), 'deadlineAt', due,
  'units', count, 'unitsDone', 0)
redis.call('ZADD', DEADLINES, due, id)
redis.call('HSET', WAITING, 'owner:' .. id, owner)
redis.call('HINCRBY', WAITING, 'count:' .. owner, 1)
keep(ttl)
keep_index(DEADLINES, ttl + deadline)
keep_index(WAITING, ttl + deadline)
return 1
