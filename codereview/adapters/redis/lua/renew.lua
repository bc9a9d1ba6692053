-- Keep a lease. ARGV: ttl (ms), unit, token, lease (ms)
local ttl, unit, token, lease = unpack(ARGV)
local now = now_ms()
if redis.call('HEXISTS', STATE, 'cancelRequested') == 1 or not holds(unit, token, now) then
  return 0
end
set_unit(unit, {leaseUntil = digits(now + lease)})
keep(ttl)
return 1
