-- Keep a lease. ARGV: ttl (ms), unit, token, lease (ms)
local ttl, unit, token, lease = unpack(ARGV)
local decision, cancelled = unpack(redis.call('HMGET', STATE, 'decision', 'cancelRequested'))
local now = now_ms()
if decision or cancelled or not holds(unit, token, now) then
  return 0
end
set_unit(unit, {leaseUntil = digits(now + lease)})
keep(ttl)
return 1
