-- End a unit that nobody has. ARGV: ttl (ms), unit, outcome, name of this call
local ttl, unit, outcome, call = unpack(ARGV)
local status, till, last_call = get_unit(unit, 'status', 'leaseUntil', 'call')
if status and last_call == call then
  return 1  -- the reply to the first call was lost
end
if not status or ended(status) then
  return 0
end
if status == 'running' and tonumber(till) > now_ms() then
  return 0
end
end_unit(unit, 'given up', outcome)
set_unit(unit, {call = call})
keep(ttl)
return 1
