-- Stop waiting for a review whose state is gone. ARGV: review id
if redis.call('EXISTS', STATE) == 1 then
  return 0
end
forget(ARGV[1])
return 1
