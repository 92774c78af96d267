-- due: the next reports that fell silent with something uncredited; what is long idle is removed.
--
-- KEYS[1]  hash of one shard of one tenant, see absorb.lua
-- KEYS[2]  where the walk through it stands, shared by all who walk: "<I8I8" cursor, not before
-- ARGV     now, grace, idle, pause (microseconds), how many entries to look at
-- returns  { 1 if the walk is not at its end yet, else 0;  field, entry, field, entry … }
-- cost     one HSCAN step: about 1 µs an entry looked at
--
-- Due: count > credited, and flush_at passed *grace* ago (the next sighting would have passed).
-- Idle: nothing uncredited, and nothing confirmed for *idle*: only a cache of it is lost.
-- A walk that came to its end begins again after *pause*, whoever calls.
local HEAD = "<I7I7I4I4I7I7I7I7"
local now, grace, idle, pause = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local cursor, not_before = 0, 0
local walk = redis.call("GET", KEYS[2])
if walk then
    cursor, not_before = struct.unpack("<I8I8", walk)
end
if now < not_before and not_before <= now + pause then
    return { 0 }
end
local step = redis.call("HSCAN", KEYS[1], string.format("%.0f", cursor), "COUNT", ARGV[5])
local found, idlers = { 1 }, {}
for i = 1, #step[2], 2 do
    local version, born, count, credited, flush_at, received_at = struct.unpack(HEAD, step[2][i + 1])
    local touched = math.max(flush_at, born, received_at)
    if count > credited then
        if flush_at + grace <= now then
            found[#found + 1] = step[2][i]
            found[#found + 1] = step[2][i + 1]
        end
    elseif touched + idle <= now then
        idlers[#idlers + 1] = step[2][i]
    end
end
if #idlers > 0 then
    redis.call("HDEL", KEYS[1], unpack(idlers))
end
cursor = tonumber(step[1])
if cursor == 0 then
    found[1], not_before = 0, now + pause
end
redis.call("SET", KEYS[2], struct.pack("<I8I8", cursor, not_before))
return found
