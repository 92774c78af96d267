-- The ledger's transaction, in the order of its locks: journal position, windows, alerts, strands,
-- tickets; each sorted, so that two transactions never wait for each other in a circle. What locks and
-- writes whole rows is made from kernel/tables.py and kernel/rows.py.

-- name: position
-- Where the journal stands; the row is locked for the whole transaction.
SELECT applied FROM journal_progress WHERE journal_id = $1 FOR UPDATE

-- name: start_journal
INSERT INTO journal_progress (journal_id, applied, drained_at, updated_at)
VALUES ($1, 0, $2, now()) ON CONFLICT DO NOTHING

-- name: move_position
UPDATE journal_progress SET applied = $2, drained_at = coalesce($3, drained_at), updated_at = now() WHERE journal_id = $1

-- name: enter_tenant
SELECT set_config('app.tenant', $1::integer::text, true), silence_version, declared_version, ticketing
FROM tenants WHERE tenant_id = $1

-- name: peek_alerts
-- Which windows and tickets the alerts are in: read before the locks, checked again under them.
SELECT fingerprint, merge_key FROM alerts WHERE tenant_id = $1 AND fingerprint = ANY ($2::bytea[])

-- name: peek_strands
-- Which alerts the strands are of, whatever their labels say now: read before the locks as well.
SELECT strand, fingerprint FROM strands WHERE tenant_id = $1 AND strand = ANY ($2::bytea[])

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

-- name: describe_alerts
UPDATE alerts SET annotations = a::jsonb
FROM unnest($2::bytea[], $3::text[]) AS given (f, a)
WHERE alerts.tenant_id = $1 AND alerts.fingerprint = f

-- name: take_ticket_numbers
UPDATE tenants SET last_ticket_number = last_ticket_number + $2 WHERE tenant_id = $1
RETURNING last_ticket_number - $2 AS taken_before

-- name: shift_links
-- Strands have gone to or from an alert with all their sightings: its ticket counts what it did before.
UPDATE ticket_alerts SET occurrences_before = occurrences_before + n
FROM unnest($2::text[], $3::bytea[], $4::bigint[]) AS shifted (t, f, n)
WHERE ticket_alerts.tenant_id = $1 AND ticket_alerts.ticket_id = t AND ticket_alerts.fingerprint = f

-- name: save_heads
INSERT INTO history_heads (tenant_id, kind, object_id, length, head)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bytea[])
ON CONFLICT (tenant_id, kind, object_id) DO UPDATE SET length = excluded.length, head = excluded.head

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
