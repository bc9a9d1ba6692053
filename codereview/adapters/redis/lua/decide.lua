-- Settle the end: the first decision stands, and every unit still open ends with it. So no lease is left from here on,
-- and whoever holds one can write nothing.
-- ARGV: ttl (ms), status, reason
local ttl, status, reason = unpack(ARGV)
if redis.call('EXISTS', STATE) == 0 then
  return false
end
if not decided() then
  redis.call('HSET', STATE, 'decision', status, 'reason', reason, 'decidedAt', digits(now_ms()))
  local fate = status == 'cancelled' and 'cancelled' or 'given up'
  for _, field in ipairs(redis.call('HKEYS', UNITS)) do
    local unit = string.match(field, '^status:(.*)$')
    if unit and not ended(redis.call('HGET', UNITS, field)) then
      end_unit(unit, fate)
    end
  end
  keep(ttl)
end
return redis.call('HMGET', STATE, 'decision', 'decidedAt')
