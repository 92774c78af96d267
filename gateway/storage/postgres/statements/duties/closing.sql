-- name: due
-- As gateway_clock. The second half is for what a release before has resolved: it knew no close_at, and one workflow.
SELECT tenant_id FROM tenants
WHERE EXISTS (SELECT FROM tickets WHERE tickets.tenant_id = tenants.tenant_id AND status = 'resolved'
                                    AND close_at <= $1)
   OR EXISTS (SELECT FROM tickets WHERE tickets.tenant_id = tenants.tenant_id AND status = 'resolved'
                                    AND resolved_at <= $2 AND close_at IS NULL AND workflow = 'default')
ORDER BY tenant_id

-- name: to_close
(SELECT id FROM tickets WHERE tenant_id = $1 AND status = 'resolved' AND close_at <= $2 ORDER BY close_at LIMIT $4)
UNION ALL
(SELECT id FROM tickets WHERE tenant_id = $1 AND status = 'resolved' AND resolved_at <= $3
                          AND close_at IS NULL AND workflow = 'default'
 ORDER BY resolved_at LIMIT $4)
LIMIT $4
