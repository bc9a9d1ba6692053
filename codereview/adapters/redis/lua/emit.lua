-- Append an event, with every check and with its finding.
-- ARGV: ttl (ms), review id, name of the fact, JSON before and after the time, unit and token of the lease ('' for
-- none), 'new', 'update' or '' for the finding, its fingerprint and JSON, the status a terminal event tells of (''
-- for another event), events the log takes
local ttl, id, fact, head, tail, unit, token, mode, fingerprint, finding, tells, limit = unpack(ARGV)
local status, decision = unpack(redis.call('HMGET', STATE, 'status', 'decision'))
if not status then
  return 'unknown'
end
if tells ~= '' then
  if decision ~= tells then
    return 'refused'
  elseif status == tells then
    return 'duplicate'
  end
elseif decision then
  return 'refused'
end
if redis.call('SISMEMBER', EMITTED, fact) == 1 then
  return 'duplicate'
end
local now = now_ms()
if token ~= '' and not holds(unit, token, now) then
  return 'refused'
end
if mode == 'new' and redis.call('HEXISTS', FINDINGS, fingerprint) == 1 then
  return 'duplicate'
elseif mode == 'update' and redis.call('HEXISTS', FINDINGS, fingerprint) == 0 then
  return 'refused'
end

redis.call('SADD', EMITTED, fact)
if mode ~= '' then
  redis.call('HSET', FINDINGS, fingerprint, finding)
end
local number = redis.call('LLEN', EVENTS) + 1
if tells == '' and number > tonumber(limit) then
  redis.call('HINCRBY', STATE, 'eventsLeftOut', 1)
  keep(ttl)
  return 'full'
end
local event = '{"id":' .. digits(number) .. head .. digits(now) .. tail
redis.call('RPUSH', EVENTS, event)
if tells ~= '' then
  redis.call('HSET', STATE, 'status', tells)
  forget(id)
end
keep(ttl)
redis.call('PUBLISH', CHANNEL, event)
return 'appended'
