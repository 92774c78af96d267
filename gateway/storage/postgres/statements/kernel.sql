-- name: now
SELECT clock_timestamp()

-- name: take_key
-- Whoever comes second waits here for the end of the first. A day later the key is free again.
INSERT INTO idempotency (tenant_id, principal, key, command, request_hash, at)
VALUES ($1, $2, $3, $4, $5, now())
ON CONFLICT (tenant_id, principal, key) DO UPDATE
SET command = excluded.command, request_hash = excluded.request_hash, answer = NULL, at = excluded.at
WHERE idempotency.at < now() - interval '1 day'
RETURNING true

-- name: kept
SELECT command, request_hash, answer FROM idempotency WHERE tenant_id = $1 AND principal = $2 AND key = $3

-- name: keep
UPDATE idempotency SET answer = $4 WHERE tenant_id = $1 AND principal = $2 AND key = $3
