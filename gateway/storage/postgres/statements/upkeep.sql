-- name: drained_until
-- What was received by then is applied, whichever journal took it in. One that was not heard of for a day is on a
-- lost host.
SELECT greatest(least($1::timestamptz, min(drained_at)), 'epoch') FROM journal_progress
WHERE updated_at > now() - interval '1 day'

-- name: live_tickets
SELECT priority, count(*) FROM tickets
WHERE tenant_id = $1 AND status IN ('open', 'in_progress', 'pending') GROUP BY priority

-- name: firing_alerts
SELECT count(*) FROM alerts WHERE tenant_id = $1 AND status = 'firing'

-- name: leases_to_look_at
SELECT strand, fingerprint FROM strands
WHERE tenant_id = $1 AND lease_check_at <= $2 ORDER BY lease_check_at LIMIT $3

-- name: leased_reports
-- What sources have said of the strands whose leases may have run out.
SELECT reports.strand, reports.source FROM reports
JOIN (SELECT strand FROM strands WHERE tenant_id = $1 AND lease_check_at <= $2 ORDER BY lease_check_at LIMIT $3) AS due
     ON reports.strand = due.strand
WHERE reports.tenant_id = $1

-- name: alerts_of_strands
SELECT strand, fingerprint FROM strands WHERE tenant_id = $1 AND strand = ANY ($2::bytea[])

-- name: postpone_lease_checks
-- Of leases that were renewed, and of those that nobody could have renewed yet since we are up.
UPDATE strands SET lease_check_at = CASE
    WHEN lease_until = 'infinity' THEN NULL
    WHEN lease_until > $3 THEN lease_until
    ELSE $4::timestamptz + (lease_until - last_seen) END
WHERE tenant_id = $1 AND strand = ANY ($2::bytea[]) AND (lease_until > $3 OR $3 < $4::timestamptz + (lease_until - last_seen))

-- name: reporters
-- For each strand: has a source of it been heard since the lease ran out? One that comes back from a pause of
-- its own is given a lease, at most 90 seconds, to repeat what still fires.
SELECT reports.strand, bool_or(sources.last_delivery_at > strands.lease_until
                               AND $3 >= sources.resumed_at
                                       + least(strands.lease_until - strands.last_seen, interval '90 seconds')) AS heard
FROM reports
JOIN strands ON strands.tenant_id = reports.tenant_id AND strands.strand = reports.strand
JOIN sources ON sources.tenant_id = reports.tenant_id AND sources.name = reports.source
WHERE reports.tenant_id = $1 AND reports.strand = ANY ($2::bytea[])
GROUP BY reports.strand

-- name: unconfirmed
SELECT fingerprint FROM alerts WHERE tenant_id = $1 AND unconfirmed AND fingerprint > $2 ORDER BY fingerprint LIMIT $3

-- name: quiets_over
SELECT fingerprint FROM alerts WHERE tenant_id = $1 AND quiet_until <= $2 ORDER BY quiet_until LIMIT $3

-- name: forget_outbox
WITH old AS (
    SELECT id FROM outbox WHERE tenant_id = $1 AND state <> 'pending' AND created_at < $2 LIMIT $3 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM outbox USING old WHERE outbox.tenant_id = $1 AND outbox.id = old.id RETURNING 1
)
SELECT count(*) FROM gone

-- name: forget_dead_letters
WITH old AS (
    SELECT source, digest FROM dead_letters WHERE tenant_id = $1 AND last_seen < $2 LIMIT $3 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM dead_letters AS letter USING old
    WHERE letter.tenant_id = $1 AND letter.source = old.source AND letter.digest = old.digest RETURNING 1
)
SELECT count(*) FROM gone

-- name: forget_alerts
-- Resolved long ago, not spoken of since, and on no ticket that still counts on them.
WITH gone AS (
    SELECT alerts.fingerprint FROM alerts
    WHERE alerts.tenant_id = $1 AND alerts.status = 'resolved' AND coalesce(alerts.ends_at, alerts.first_seen) < $2
      AND NOT EXISTS (SELECT FROM ticket_alerts WHERE ticket_alerts.tenant_id = $1
                                                  AND ticket_alerts.fingerprint = alerts.fingerprint)
      AND NOT EXISTS (SELECT FROM strands WHERE strands.tenant_id = $1 AND strands.fingerprint = alerts.fingerprint
                                            AND strands.last_seen >= $2)
    LIMIT $3 FOR UPDATE SKIP LOCKED
), episodes_gone AS (
    DELETE FROM episodes USING gone WHERE episodes.tenant_id = $1 AND episodes.fingerprint = gone.fingerprint
), strands_gone AS (
    DELETE FROM strands USING gone WHERE strands.tenant_id = $1 AND strands.fingerprint = gone.fingerprint
    RETURNING strands.strand
), reports_gone AS (
    DELETE FROM reports USING strands_gone WHERE reports.tenant_id = $1 AND reports.strand = strands_gone.strand
), windows_gone AS (
    DELETE FROM windows USING gone WHERE windows.tenant_id = $1 AND windows.merge_key = gone.fingerprint AND windows.firing = 0
)
SELECT array_agg(fingerprint) FROM gone

-- name: forget_these_alerts
DELETE FROM alerts WHERE tenant_id = $1 AND fingerprint = ANY ($2::bytea[])
