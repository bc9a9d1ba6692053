-- Ask the units of a review to stop. ARGV: ttl (ms)
if redis.call('EXISTS', STATE) == 0 or decided() then
  return 0
end
redis.call('HSETNX', STATE, 'cancelRequested', digits(now_ms()))
keep(ARGV[1])
return 1
