-- name: due
-- As gateway_clock: tenants with alerts, messages, dead letters and keys that are over for so long. Alerts that are still
-- spoken of, or on a ticket, are told apart there. What was not first seen before is spoken of since: the index knows.
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM alerts WHERE alerts.tenant_id = tenants.tenant_id AND first_seen < $1
                                         AND status = 'resolved' AND coalesce(ends_at, first_seen) < $1 LIMIT 1) AS due
UNION
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM outbox WHERE outbox.tenant_id = tenants.tenant_id AND state <> 'pending'
                                         AND created_at < $2 LIMIT 1) AS due
UNION
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM dead_letters WHERE dead_letters.tenant_id = tenants.tenant_id
                                               AND last_seen < $2 LIMIT 1) AS due
UNION
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM idempotency WHERE idempotency.tenant_id = tenants.tenant_id AND at < $3 LIMIT 1) AS due
ORDER BY tenant_id

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

-- name: forget_keys
WITH old AS (
    SELECT principal, key FROM idempotency WHERE tenant_id = $1 AND at < $2 LIMIT $3 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM idempotency USING old
    WHERE tenant_id = $1 AND idempotency.principal = old.principal AND idempotency.key = old.key RETURNING 1
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
