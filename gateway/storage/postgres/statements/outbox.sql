-- The outbox: messages are written by the transaction that caused them, and claimed from here.

-- name: enter_tenant
SELECT set_config('app.tenant', $1, true)

-- name: due
-- As gateway_clock: tenants with messages for this sink that are due and held by nobody; some may have to wait for an
-- earlier one of their subject.
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM outbox WHERE outbox.tenant_id = tenants.tenant_id AND sink = $1 AND state = 'pending'
                                         AND next_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2)
                    LIMIT 1) AS due
ORDER BY tenant_id

-- name: claim
-- The earliest pending message of each subject, if it is due and nobody holds it. What another
-- claim is taking right now is skipped; its followers are too, being preceded by a pending one.
WITH heads AS MATERIALIZED (
    SELECT id FROM outbox AS message
    WHERE tenant_id = $1 AND sink = $2 AND state = 'pending' AND next_at <= $4::timestamptz
      AND (claimed_until IS NULL OR claimed_until <= $4)
      AND NOT EXISTS (SELECT FROM outbox AS earlier
                      WHERE earlier.tenant_id = message.tenant_id AND earlier.sink = message.sink
                        AND earlier.subject = message.subject AND earlier.state = 'pending'
                        AND earlier.sequence < message.sequence)
    ORDER BY next_at, sequence
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET claimed_until = $5, attempts = attempts + 1
FROM heads WHERE outbox.tenant_id = $1 AND outbox.id = heads.id
RETURNING outbox.id, sink, type, subject, payload::text, created_at, attempts

-- name: delivered
UPDATE outbox SET state = 'delivered', delivered_at = $3, claimed_until = NULL, last_error = ''
WHERE tenant_id = $1 AND id = $2 AND state <> 'delivered'

-- name: postpone
UPDATE outbox SET next_at = $4, claimed_until = NULL, last_error = $5
WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'pending'

-- name: give_up
UPDATE outbox SET state = 'failed', claimed_until = NULL, last_error = $4
WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'pending'
