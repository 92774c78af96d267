-- name: pending
-- As gateway_clock: what waits in each outbox, and whether any of it has waited since for a sink that is not there.
SELECT tenant_id, count(*), bool_or(sink <> ALL ($1::text[]) AND created_at < $2) AS has_orphans
FROM outbox WHERE state = 'pending' GROUP BY tenant_id ORDER BY tenant_id

-- name: abandon
UPDATE outbox SET state = 'failed', claimed_until = NULL, last_error = $4
WHERE tenant_id = $1 AND state = 'pending' AND sink <> ALL ($2::text[]) AND created_at < $3
