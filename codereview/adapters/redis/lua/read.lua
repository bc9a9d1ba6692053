-- The snapshot, or nothing when the review is unknown.
if redis.call('EXISTS', STATE) == 0 then
  return false
end
return snapshot(now_ms())
