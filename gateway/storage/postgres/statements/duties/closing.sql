-- name: due
-- As gateway_clock.
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM tickets WHERE tickets.tenant_id = tenants.tenant_id AND status = 'resolved'
                                          AND resolved_at <= $1 LIMIT 1) AS due
ORDER BY tenant_id

-- name: to_close
SELECT id FROM tickets WHERE tenant_id = $1 AND status = 'resolved' AND resolved_at <= $2
ORDER BY resolved_at LIMIT $3
