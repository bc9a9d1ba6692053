-- Set aside what a call may cost. KEYS: budget of the review, budget of the hour.
-- ARGV: reservation, wanted nano-dollars, wanted tokens, least nano-dollars, least tokens, limits or "" (nano-dollars
-- and tokens of the review, then of the hour), ttl of the reservation, of the review, of the hour (ms)
-- Returns {"granted", nano-dollars, tokens}, or {"refused"} and what is used: spent and held nano-dollars and tokens
-- of the review, then of the hour. Whole numbers stay below 2^53: nine million dollars.
local id, want_nano, want_tokens, least_nano, least_tokens, review_nano, review_tokens, hour_nano, hour_tokens,
  reservation_ttl, review_ttl, hour_ttl = unpack(ARGV)
local field = 'r:' .. id
local KINDS = {input = true, cacheRead = true, cacheWrite5m = true, cacheWrite1h = true, output = true}

local before = redis.call('HGET', KEYS[1], field)
if before then  -- this call's own, its first reply lost
  local nano, tokens = string.match(before, '^(%d+):(%d+):')
  return {'granted', nano, tokens}
end

local now = now_ms()

-- Spent for good and by calls whose time is up, and held by calls under way.
local function used(key)
  local spent_nano, spent_tokens, held_nano, held_tokens = 0, 0, 0, 0
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local nano, tokens, till = string.match(fields[i + 1], '^(%d+):(%d+):(%d+)$')
    if nano and tonumber(till) > now then
      held_nano = held_nano + nano
      held_tokens = held_tokens + tokens
    elseif nano then
      spent_nano = spent_nano + nano
      spent_tokens = spent_tokens + tokens
    elseif fields[i] == 'nano' then
      spent_nano = spent_nano + fields[i + 1]
    elseif KINDS[fields[i]] then
      spent_tokens = spent_tokens + fields[i + 1]
    end
  end
  return {spent_nano, spent_tokens, held_nano, held_tokens}
end

local of_review, of_hour = used(KEYS[1]), used(KEYS[2])

local function left(limit, spent, held, want)
  return limit == '' and tonumber(want) or math.min(tonumber(want), tonumber(limit) - spent - held)
end

local nano = math.min(left(review_nano, of_review[1], of_review[3], want_nano),
  left(hour_nano, of_hour[1], of_hour[3], want_nano))
local tokens = math.min(left(review_tokens, of_review[2], of_review[4], want_tokens),
  left(hour_tokens, of_hour[2], of_hour[4], want_tokens))
if nano < tonumber(least_nano) or tokens < tonumber(least_tokens) then
  local answer = {'refused'}
  for _, sums in ipairs({of_review, of_hour}) do
    for _, sum in ipairs(sums) do
      answer[#answer + 1] = digits(sum)
    end
  end
  return answer
end

local value = digits(nano) .. ':' .. digits(tokens) .. ':' .. digits(now + reservation_ttl)
redis.call('HSET', KEYS[1], field, value)
redis.call('HSET', KEYS[2], field, value)
redis.call('PEXPIRE', KEYS[1], review_ttl)
redis.call('PEXPIRE', KEYS[2], hour_ttl)
return {'granted', digits(nano), digits(tokens)}
