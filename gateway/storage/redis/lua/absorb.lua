-- absorb: count repeats that change nothing the ledger has confirmed, and say which must pass.
--
-- KEYS[1]  hash of one shard of one tenant: field = strand (16 bytes) .. source, value = entry (below)
-- ARGV[1]  for each report 36 bytes, "<I8I4I8I8I8": version known (0: this is news), sightings,
--          received_at, lease_until, receipt of the last that named no start; in microseconds of the epoch, 0: none
-- ARGV[2…] the reports' fields, in the same order
-- returns  { one byte a report: "1" held, "0" pass;  for each that passes, in order, 5 bytes length
--          in decimal and its entry }
-- cost     one HMGET and one HSET; about 2 µs a report on 2020s' hardware
--
-- An entry is "<I7I7I4I4I7I7I7I7" .. state:
--   version    of the strand as confirmed; 0: nothing confirmed yet
--   born       when this entry was made: names its counter, which only goes up
--   count      sightings held since it was born
--   credited   of those, how many the ledger has
--   flush_at   sightings received from then on pass; 0: void, they all do
--   received_at, lease_until, unstarted_at    greatest of what is held and not credited
--   state      what a process needs to tell a repeat from news; opaque here. Of a void entry: what
--              is held and not credited repeats it, and it is older than the version
-- A report that passes is not counted here, and no state is written: that is confirm's.
local HEAD, GIVEN, GIVEN_BYTES, SOME = "<I7I7I4I4I7I7I7I7", "<I8I4I8I8I8", 36, 3000
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local held, passed, changed = {}, {}, {}
for first = 2, #ARGV, SOME do
    local last = math.min(first + SOME - 1, #ARGV)
    local entries = redis.call("HMGET", KEYS[1], unpack(ARGV, first, last))
    for i = first, last do
        local entry = entries[i - first + 1]
        local known, sightings, at, lease, unstarted_at = struct.unpack(GIVEN, ARGV[1], (i - 2) * GIVEN_BYTES + 1)
        local is_held = false
        if entry then
            local version, born, count, credited, flush_at, received_at, lease_until, unstarted_before, rest =
                struct.unpack(HEAD, entry)
            if version == known and at < flush_at then
                is_held = true
                entry = struct.pack(HEAD, version, born, count + sightings, credited, flush_at, math.max(received_at, at),
                             math.max(lease_until, lease), math.max(unstarted_before, unstarted_at)) .. entry:sub(rest)
            end
        else
            entry = struct.pack(HEAD, 0, now, 0, 0, 0, 0, 0, 0)
            changed[#changed + 1] = ARGV[i]
            changed[#changed + 1] = entry
        end
        if is_held then
            changed[#changed + 1] = ARGV[i]
            changed[#changed + 1] = entry
            held[#held + 1] = "1"
        else
            held[#held + 1] = "0"
            passed[#passed + 1] = string.format("%05d", #entry)
            passed[#passed + 1] = entry
        end
    end
    if #changed > 0 then
        redis.call("HSET", KEYS[1], unpack(changed))
        changed = {}
    end
end
return { table.concat(held), table.concat(passed) }
