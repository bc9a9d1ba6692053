-- Ask for a unit.
-- ARGV: ttl (ms), unit, worker, lease (ms), attempts allowed, token, outcome of a unit that used them all
local ttl, unit, worker, lease, max_attempts, token, lost = unpack(ARGV)
local review, decision, cancelled = unpack(redis.call('HMGET', STATE, 'status', 'decision', 'cancelRequested'))
local status, attempt, holder, till, agent = get_unit(unit, 'status', 'attempt', 'token', 'leaseUntil', 'agent')
if not review or decision or cancelled or not status then
  return {'over'}
end
if ended(status) then
  return {'done', get_unit(unit, 'outcome')}
end

local now = now_ms()
attempt = tonumber(attempt or 0)
local granted_before = status == 'running' and holder == token
if status == 'running' and tonumber(till) > now and not granted_before then
  return {'busy'}
end
if not granted_before then
  if attempt >= tonumber(max_attempts) then
    end_unit(unit, 'given up', lost)
    keep(ttl)
    return {'exhausted', lost}
  end
  attempt = attempt + 1
  set_unit(unit, {status = 'running', attempt = attempt, token = token, worker = worker,
    leaseUntil = digits(now + lease)})
  if review == 'pending' then
    redis.call('HSET', STATE, 'status', 'running', 'startedAt', digits(now))
  end
  redis.call('HSETNX', STATE, 'startedBy', token)
  redis.call('HSETNX', STATE, 'startedBy:' .. agent, token)
  keep(ttl)
end
-- Whoever started is remembered, so that a repeated call gives the same answer.
local first, first_of_agent = unpack(redis.call('HMGET', STATE, 'startedBy', 'startedBy:' .. agent))
return {'granted', attempt, first == token and 1 or 0, first_of_agent == token and 1 or 0}
