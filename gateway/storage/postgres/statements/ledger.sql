-- The ledger's transaction, in the order of its locks: journal position, windows, alerts, strands,
-- tickets; each sorted, so that two transactions never wait for each other in a circle.

-- name: position
-- Where the journal stands; the row is locked for the whole transaction.
SELECT applied FROM journal_progress WHERE journal_id = $1 FOR UPDATE

-- name: start_journal
INSERT INTO journal_progress (journal_id, applied, drained_at, updated_at)
VALUES ($1, 0, $2, now()) ON CONFLICT DO NOTHING

-- name: move_position
UPDATE journal_progress SET applied = $2, drained_at = coalesce($3, drained_at), updated_at = now() WHERE journal_id = $1

-- name: enter_tenant
SELECT set_config('app.tenant', $1::integer::text, true), silence_version FROM tenants WHERE tenant_id = $1

-- name: peek_alerts
-- Which windows and tickets the alerts are in: read before the locks, checked again under them.
SELECT fingerprint, merge_key FROM alerts WHERE tenant_id = $1 AND fingerprint = ANY ($2::bytea[])

-- name: peek_strands
-- Which alerts the strands are of, whatever their labels say now: read before the locks as well.
SELECT strand, fingerprint FROM strands WHERE tenant_id = $1 AND strand = ANY ($2::bytea[])

-- name: lock_windows
SELECT merge_key, rule, length, auto_resolve, opened_at, ends_at, firing, ticket_id
FROM windows WHERE tenant_id = $1 AND merge_key = ANY ($2::bytea[])
ORDER BY merge_key FOR NO KEY UPDATE

-- name: lock_alerts
SELECT fingerprint, labels::text, annotations::text, severity, status, silenced, unconfirmed, triage, rule, merge_key,
       ticket_id, starts_at, ends_at, quiet_until, first_seen, episodes, version,
       (SELECT episodes.ticket_id FROM episodes
        WHERE episodes.tenant_id = $1 AND episodes.fingerprint = alerts.fingerprint
              AND episodes.number = alerts.episodes) AS episode_ticket_id
FROM alerts WHERE tenant_id = $1 AND fingerprint = ANY ($2::bytea[])
ORDER BY fingerprint FOR NO KEY UPDATE

-- name: lock_strands
SELECT strand, fingerprint, labels::text, severity, claims, fired_at, resolved_at, unended_at, unstarted_at,
       last_firing_at, last_resolve_at, started_at, lease_until, firing, expired, silenced, occurrences, last_outcome, first_seen, last_seen, version
FROM strands WHERE tenant_id = $1 AND fingerprint = ANY ($2::bytea[])
ORDER BY strand FOR NO KEY UPDATE

-- name: lock_tickets
SELECT id, number, title, description, status, status_before, priority, workflow, rule, labels::text, merge_key, follows,
       requester, assignee, assignee_group, episodes, flaps, firing, silenced, unconfirmed, created_at, updated_at,
       acknowledged_at, first_response_at, resolved_at, closed_at, version, history_length, history_head
FROM tickets WHERE tenant_id = $1 AND id = ANY ($2::text[])
ORDER BY id FOR NO KEY UPDATE

-- name: insert_alerts
INSERT INTO alerts (tenant_id, fingerprint, labels, annotations, severity, status, silenced, unconfirmed, triage, rule,
                    merge_key, ticket_id, starts_at, ends_at, quiet_until, first_seen, episodes, version)
SELECT $1, f, l::jsonb, a::jsonb, s, st, si, u, t, r, m, ti, sa, ea, q, fs, e, v
FROM unnest($2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::boolean[], $9::text[],
            $10::text[], $11::bytea[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[],
            $16::timestamptz[], $17::bigint[], $18::bigint[])
     AS new (f, l, a, s, st, si, u, t, r, m, ti, sa, ea, q, fs, e, v)

-- name: update_alerts
UPDATE alerts SET annotations = a::jsonb, severity = s, status = st, silenced = si, unconfirmed = u, triage = t, rule = r,
                  merge_key = m, ticket_id = ti, starts_at = sa, ends_at = ea, quiet_until = q, first_seen = fs,
                  episodes = e, version = v
FROM unnest($2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::boolean[], $9::text[],
            $10::text[], $11::bytea[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[],
            $16::timestamptz[], $17::bigint[], $18::bigint[])
     AS new (f, l, a, s, st, si, u, t, r, m, ti, sa, ea, q, fs, e, v)
WHERE alerts.tenant_id = $1 AND alerts.fingerprint = new.f

-- name: insert_strands
INSERT INTO strands (tenant_id, strand, fingerprint, labels, severity, claims, fired_at, resolved_at, unended_at,
                     unstarted_at, last_firing_at, last_resolve_at, started_at, lease_until, lease_check_at, firing, expired,
                     silenced, occurrences, last_outcome, first_seen, last_seen, version)
SELECT $1, s, f, l::jsonb, se, cl, fa, ra, ue, ua, lf, lr, sa, lu, lc, fi, ex, si, o, lo, fs, ls, v
FROM unnest($2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::bytea[], $7::timestamptz[], $8::timestamptz[],
            $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
            $14::timestamptz[], $15::timestamptz[], $16::boolean[], $17::boolean[], $18::boolean[], $19::bigint[],
            $20::text[], $21::timestamptz[], $22::timestamptz[], $23::bigint[])
     AS new (s, f, l, se, cl, fa, ra, ue, ua, lf, lr, sa, lu, lc, fi, ex, si, o, lo, fs, ls, v)

-- name: update_strands
UPDATE strands SET severity = se, claims = cl, fired_at = fa, resolved_at = ra, unended_at = ue, unstarted_at = ua,
                   last_firing_at = lf, last_resolve_at = lr, started_at = sa, lease_until = lu, lease_check_at = lc,
                   firing = fi, expired = ex, silenced = si, occurrences = o, last_outcome = lo, first_seen = fs,
                   last_seen = ls, version = v
FROM unnest($2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::bytea[], $7::timestamptz[], $8::timestamptz[],
            $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
            $14::timestamptz[], $15::timestamptz[], $16::boolean[], $17::boolean[], $18::boolean[], $19::bigint[],
            $20::text[], $21::timestamptz[], $22::timestamptz[], $23::bigint[])
     AS new (s, f, l, se, cl, fa, ra, ue, ua, lf, lr, sa, lu, lc, fi, ex, si, o, lo, fs, ls, v)
WHERE strands.tenant_id = $1 AND strands.strand = new.s

-- name: rename_strands
-- Those that have gone to another alert, or whose labels were edited. Apart from the update of all that changed:
-- the index of strands by their alerts is seldom touched.
UPDATE strands SET fingerprint = f, labels = l::jsonb
FROM unnest($2::bytea[], $3::bytea[], $4::text[]) AS new (s, f, l)
WHERE strands.tenant_id = $1 AND strands.strand = new.s

-- name: lock_repeated
-- A repeat changes nothing but counts and times, and is credited only against the version it knows.
-- Returns the strands that have changed elsewhere: if there are any, start over.
WITH given AS (
    SELECT * FROM unnest($2::bytea[], $3::bigint[]) AS given (s, v)
), locked AS (
    SELECT strand, version FROM strands JOIN given ON strand = s AND version = v
    WHERE tenant_id = $1 ORDER BY strand FOR NO KEY UPDATE OF strands
)
SELECT DISTINCT s FROM given LEFT JOIN locked ON strand = s AND version = v WHERE strand IS NULL

-- name: credit_repeats
-- Repeats, and what was held back of the same reports before (its counter: born, count; 0: none).
-- The strands are locked already: nobody else writes their reports.
WITH given AS (
    SELECT *, CASE WHEN f THEN at END AS lf, CASE WHEN f THEN NULL ELSE at END AS lr
    FROM unnest($2::bytea[], $3::text[], $4::bigint[], $5::timestamptz[], $6::boolean[], $7::timestamptz[],
                $8::timestamptz[], $9::text[], $10::bigint[], $11::bigint[])
         AS given (s, so, n, at, f, ua, lu, lo, b, c)
), counted AS (
    SELECT given.*, CASE WHEN b = 0 THEN 0 WHEN b = born THEN greatest(c - credited, 0) WHEN b > born THEN c ELSE 0 END AS more
    FROM given JOIN reports ON tenant_id = $1 AND strand = s AND source = so
), refreshed AS (
    UPDATE reports SET born = CASE WHEN more > 0 THEN b ELSE born END,
                       credited = CASE WHEN more > 0 THEN c ELSE credited END,
                       last_seen = greatest(last_seen, at), lease_until = greatest(reports.lease_until, lu)
    FROM counted WHERE tenant_id = $1 AND strand = s AND source = so
)
UPDATE strands SET occurrences = occurrences + increase, last_seen = greatest(last_seen, lf, lr),
                   last_firing_at = greatest(last_firing_at, lf), last_resolve_at = greatest(last_resolve_at, lr),
                   unstarted_at = greatest(unstarted_at, ua), lease_until = greatest(lease_until, lu), last_outcome = lo
FROM (
    SELECT s, sum(n + more)::bigint AS increase, max(lf) AS lf, max(lr) AS lr, max(ua) AS ua, max(lu) AS lu, max(lo) AS lo
    FROM counted GROUP BY s
) AS sums
WHERE strands.tenant_id = $1 AND strands.strand = sums.s

-- name: take_held
-- Counters of what was held back: only their increase is taken. The strands are locked already.
WITH given AS (
    SELECT * FROM unnest($2::bytea[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[])
         AS given (s, so, b, n, ls, lu)
), before AS (
    SELECT strand, source, born, credited, given.* FROM reports JOIN given ON strand = s AND source = so
    WHERE tenant_id = $1 ORDER BY strand, source FOR NO KEY UPDATE OF reports
), taken AS (
    SELECT *, CASE WHEN b = born THEN n - credited WHEN b > born THEN n ELSE 0 END AS more FROM before
), noted AS (
    UPDATE reports SET born = b, credited = n, last_seen = greatest(reports.last_seen, ls),
                       lease_until = greatest(reports.lease_until, lu) FROM taken
    WHERE reports.tenant_id = $1 AND reports.strand = taken.strand AND reports.source = taken.source AND more > 0
)
SELECT strand, source, more FROM taken WHERE more > 0

-- name: reports_of
SELECT strand, source FROM reports WHERE tenant_id = $1 AND strand = ANY ($2::bytea[])

-- name: save_reports
INSERT INTO reports (tenant_id, strand, source, source_fingerprint, url, lease_until, last_seen)
SELECT $1, * FROM unnest($2::bytea[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[])
ON CONFLICT (tenant_id, strand, source) DO UPDATE
SET source_fingerprint = excluded.source_fingerprint, url = excluded.url,
    lease_until = greatest(reports.lease_until, excluded.lease_until),
    last_seen = greatest(reports.last_seen, excluded.last_seen)

-- name: describe_alerts
UPDATE alerts SET annotations = a::jsonb
FROM unnest($2::bytea[], $3::text[]) AS given (f, a)
WHERE alerts.tenant_id = $1 AND alerts.fingerprint = f

-- name: insert_windows
INSERT INTO windows (tenant_id, merge_key, rule, length, auto_resolve, opened_at, ends_at, firing, ticket_id)
SELECT $1, * FROM unnest($2::bytea[], $3::text[], $4::interval[], $5::text[], $6::timestamptz[], $7::timestamptz[],
                         $8::integer[], $9::text[])

-- name: update_windows
UPDATE windows SET rule = r, length = l, auto_resolve = ar, opened_at = oa, ends_at = ea, firing = f, ticket_id = t
FROM unnest($2::bytea[], $3::text[], $4::interval[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::integer[],
            $9::text[]) AS new (m, r, l, ar, oa, ea, f, t)
WHERE windows.tenant_id = $1 AND windows.merge_key = new.m

-- name: take_ticket_numbers
UPDATE tenants SET last_ticket_number = last_ticket_number + $2 WHERE tenant_id = $1
RETURNING last_ticket_number - $2 AS taken_before

-- name: insert_tickets
INSERT INTO tickets (tenant_id, id, number, title, description, status, status_before, priority, workflow, rule, labels,
                     merge_key, follows, requester, assignee, assignee_group, episodes, flaps, firing, silenced, unconfirmed,
                     created_at, updated_at, acknowledged_at, first_response_at, resolved_at, closed_at, version,
                     history_length, history_head)
SELECT $1, i, n, t, d, s, sb, p, w, r, l::jsonb, m, f, rq, a, ag, e, fl, fi, si, u, ca, ua, aa, fr, ra, cl, v, hl, hh
FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[], $18::bigint[],
            $19::integer[], $20::integer[], $21::integer[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[],
            $25::timestamptz[], $26::timestamptz[], $27::timestamptz[], $28::bigint[], $29::bigint[], $30::bytea[])
     AS new (i, n, t, d, s, sb, p, w, r, l, m, f, rq, a, ag, e, fl, fi, si, u, ca, ua, aa, fr, ra, cl, v, hl, hh)

-- name: update_tickets
UPDATE tickets SET title = t, description = d, status = s, status_before = sb, priority = p, assignee = a, assignee_group = ag,
                   episodes = e, flaps = fl, firing = fi, silenced = si, unconfirmed = u, updated_at = ua,
                   acknowledged_at = aa, first_response_at = fr, resolved_at = ra, closed_at = cl, version = v,
                   history_length = hl, history_head = hh
FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bigint[], $18::bigint[],
            $19::integer[], $20::integer[], $21::integer[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[],
            $25::timestamptz[], $26::timestamptz[], $27::timestamptz[], $28::bigint[], $29::bigint[], $30::bytea[])
     AS new (i, n, t, d, s, sb, p, w, r, l, m, f, rq, a, ag, e, fl, fi, si, u, ca, ua, aa, fr, ra, cl, v, hl, hh)
WHERE tickets.tenant_id = $1 AND tickets.id = new.i

-- name: shift_links
-- Strands have gone to or from an alert with all their sightings: its ticket counts what it did before.
UPDATE ticket_alerts SET occurrences_before = occurrences_before + n
FROM unnest($2::text[], $3::bytea[], $4::bigint[]) AS shifted (t, f, n)
WHERE ticket_alerts.tenant_id = $1 AND ticket_alerts.ticket_id = t AND ticket_alerts.fingerprint = f

-- name: save_links
INSERT INTO ticket_alerts (tenant_id, ticket_id, fingerprint, joined_at, occurrences_before, occurrences_after)
SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::timestamptz[], $5::bigint[], $6::bigint[])
ON CONFLICT (tenant_id, ticket_id, fingerprint) DO UPDATE
SET occurrences_before = CASE
        WHEN ticket_alerts.occurrences_after IS NULL THEN ticket_alerts.occurrences_before
        ELSE ticket_alerts.occurrences_before + excluded.occurrences_before - ticket_alerts.occurrences_after END,
    occurrences_after = excluded.occurrences_after

-- name: save_episodes
INSERT INTO episodes (tenant_id, fingerprint, number, rule, merge_key, ticket_id, starts_at, ends_at)
SELECT $1, f, n, r, m, t, s, e
FROM unnest($2::bytea[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::timestamptz[], $8::timestamptz[])
     AS new (f, n, r, m, t, s, e)
ON CONFLICT (tenant_id, fingerprint, number) DO UPDATE
SET ticket_id = coalesce(excluded.ticket_id, episodes.ticket_id),
    starts_at = excluded.starts_at, ends_at = coalesce(excluded.ends_at, episodes.ends_at)

-- name: insert_history
INSERT INTO history (tenant_id, kind, object_id, sequence, at, actor, field, old, new, comment, hash)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
                         $9::text[], $10::text[], $11::bytea[])

-- name: insert_outbox
INSERT INTO outbox (tenant_id, id, sink, type, subject, payload, created_at, next_at)
SELECT $1, i, s, t, su, p::jsonb, c, c
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[]) AS new (i, s, t, su, p, c)

-- name: save_dead_letters
INSERT INTO dead_letters (tenant_id, source, digest, reason, error, raw, count, batch, first_seen, last_seen)
SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::text[],
                         $9::timestamptz[], $10::timestamptz[])
ON CONFLICT (tenant_id, source, digest) DO UPDATE
SET count = dead_letters.count + excluded.count, batch = excluded.batch, error = excluded.error, replayed_at = NULL,
    last_seen = greatest(dead_letters.last_seen, excluded.last_seen)

-- name: hear_sources
-- A source is heard; after a pause of its own it has resumed.
INSERT INTO sources (tenant_id, name, last_delivery_at, resumed_at)
SELECT $1, n, l, f FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS heard (n, f, l)
ON CONFLICT (tenant_id, name) DO UPDATE
SET resumed_at = CASE WHEN excluded.resumed_at > sources.last_delivery_at + interval '2 minutes'
                      THEN excluded.resumed_at ELSE sources.resumed_at END,
    last_delivery_at = greatest(sources.last_delivery_at, excluded.last_delivery_at)

-- name: know_journal
-- Not drained until it says so.
INSERT INTO journal_progress (journal_id, applied, drained_at, updated_at)
VALUES ($1, 0, '-infinity', now()) ON CONFLICT DO NOTHING

-- name: finish_journal
DELETE FROM journal_progress WHERE journal_id = $1

-- name: finish_predecessors
-- The ids of all journals of a slot begin with the slot's own, half as long.
DELETE FROM journal_progress WHERE left(journal_id, 16) = left($1, 16) AND journal_id <> $1

-- name: heartbeat
INSERT INTO journal_progress (journal_id, applied, drained_at, updated_at) VALUES ($1, 0, $2, now())
ON CONFLICT (journal_id) DO UPDATE SET drained_at = excluded.drained_at, updated_at = now()
