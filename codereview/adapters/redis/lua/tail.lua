-- The log after an event, and whether it has ended: {length, 1 or 0, events}, or nothing when the review is unknown.
-- ARGV: id of the event, how many at most
local status = redis.call('HGET', STATE, 'status')
local length = redis.call('LLEN', EVENTS)
if not status and length == 0 then
  return false
end
local over = status == 'completed' or status == 'failed' or status == 'cancelled'
return {length, over and 1 or 0, redis.call('LRANGE', EVENTS, ARGV[1], ARGV[1] + ARGV[2] - 1)}
