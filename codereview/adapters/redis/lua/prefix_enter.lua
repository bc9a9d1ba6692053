-- Whether to go first with a prompt. KEYS: its prefix. ARGV: ttl of a leader, of the provider's cache (ms), this call
local state = redis.call('GET', KEYS[1])
if not state then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[1])
  return 1
end
if state == 'open' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 0
end
return state == ARGV[3] and 1 or 0
