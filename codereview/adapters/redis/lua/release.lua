-- Give a unit back to the queue, the attempt not counted. ARGV: ttl (ms), unit, token, delay (ms)
local ttl, unit, token, delay = unpack(ARGV)
local now = now_ms()
if not holds(unit, token, now) then
  return 0
end
local attempt = tonumber((get_unit(unit, 'attempt')))
set_unit(unit, {status = 'queued', attempt = attempt - 1, token = '', worker = '', leaseUntil = '0',
  enqueuedAt = digits(now + delay)})
keep(ttl)
return 1
