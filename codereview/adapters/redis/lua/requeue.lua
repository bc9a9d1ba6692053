-- Mark a unit as enqueued again. ARGV: ttl (ms), unit, name of this call, guard (ms)
local ttl, unit, call, guard = unpack(ARGV)
local status, till, requeued, last_call = get_unit(unit, 'status', 'leaseUntil', 'requeuedAt', 'call')
if not status or ended(status) or redis.call('HEXISTS', STATE, 'cancelRequested') == 1 then
  return 0
end
local now = now_ms()
if status == 'queued' and last_call == call then
  return 1  -- the reply to the first call was lost
end
if status == 'running' and tonumber(till) > now then
  return 0
end
if status == 'queued' and tonumber(requeued or 0) + tonumber(guard) > now then
  return 0  -- another sweep was here
end
set_unit(unit, {status = 'queued', token = '', worker = '', leaseUntil = '0', enqueuedAt = digits(now),
  requeuedAt = digits(now), call = call})
keep(ttl)
return 1
