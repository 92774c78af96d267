-- name: due
-- As gateway_clock.
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM alerts WHERE alerts.tenant_id = tenants.tenant_id AND quiet_until <= $1 LIMIT 1) AS due
ORDER BY tenant_id

-- name: over
SELECT fingerprint FROM alerts WHERE tenant_id = $1 AND quiet_until <= $2 ORDER BY quiet_until LIMIT $3
