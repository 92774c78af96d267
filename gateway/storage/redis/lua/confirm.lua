-- confirm: after the commit, note what the ledger now says of reports that passed.
--
-- KEYS[1]  hash of one shard of one tenant, see absorb.lua
-- ARGV[1]  for each report 28 bytes, "<I8I8I4I8": born that it passed with, version of the strand's row
--          (0: nothing but the credit is confirmed), count that was credited, flush_at in microseconds
-- ARGV[2…] the reports' fields and states, alternating
-- returns  how many were noted
-- cost     one HMGET and one HSET; about 2 µs a report
--
-- Never makes an entry, and never takes an older version: a late call is harmless. An entry that was
-- erased and made anew has another `born`: what was confirmed before says nothing about it.
-- What was held meanwhile repeats the state before, which stays with it: a newer version then only
-- voids the entry, see void.lua, and the next that passes, or the flush, takes it to the ledger.
local HEAD, GIVEN, GIVEN_BYTES, SOME = "<I7I7I4I4I7I7I7I7", "<I8I8I4I8", 28, 3000
local noted, changed = 0, {}
for first = 2, #ARGV, 2 * SOME do
    local last = math.min(first + 2 * SOME - 1, #ARGV)
    local fields = {}
    for i = first, last, 2 do
        fields[#fields + 1] = ARGV[i]
    end
    local entries = redis.call("HMGET", KEYS[1], unpack(fields))
    for n = 1, #fields do
        local i = first + 2 * (n - 1)
        local given_born, given_version, given_credited, given_flush_at =
            struct.unpack(GIVEN, ARGV[1], (i - 2) / 2 * GIVEN_BYTES + 1)
        if entries[n] then
            local version, born, count, credited, flush_at, received_at, lease_until, unstarted_at, rest =
                struct.unpack(HEAD, entries[n])
            if born == given_born then
                local state = entries[n]:sub(rest)
                credited = math.max(credited, math.min(count, given_credited))
                if credited == count then
                    received_at, lease_until, unstarted_at = 0, 0, 0
                end
                local is_other = given_version > version or flush_at == 0
                if given_version > version then
                    version, flush_at = given_version, 0
                end
                if given_version == version and not (is_other and count > credited) then
                    flush_at, state = math.max(flush_at, given_flush_at), ARGV[i + 1]
                end
                changed[#changed + 1] = fields[n]
                changed[#changed + 1] = struct.pack(HEAD, version, born, count, credited, flush_at, received_at,
                                                    lease_until, unstarted_at) .. state
                noted = noted + 1
            end
        end
    end
    if #changed > 0 then
        redis.call("HSET", KEYS[1], unpack(changed))
        changed = {}
    end
end
return noted
