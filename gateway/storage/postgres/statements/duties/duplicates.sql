-- name: due
-- As gateway_clock.
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM tickets AS duplicate
                    JOIN tickets AS original ON original.tenant_id = duplicate.tenant_id
                                            AND original.id = duplicate.duplicate_of
                    WHERE duplicate.tenant_id = tenants.tenant_id AND duplicate.duplicate_of IS NOT NULL
                      AND duplicate.status IN ('open', 'in_progress', 'pending', 'resolved')
                      AND original.status IN ('closed', 'cancelled') LIMIT 1) AS due
ORDER BY tenant_id

-- name: to_end
SELECT duplicate.id, duplicate.duplicate_of FROM tickets AS duplicate
JOIN tickets AS original ON original.tenant_id = duplicate.tenant_id AND original.id = duplicate.duplicate_of
WHERE duplicate.tenant_id = $1 AND duplicate.duplicate_of IS NOT NULL
  AND duplicate.status IN ('open', 'in_progress', 'pending', 'resolved')
  AND original.status IN ('closed', 'cancelled')
ORDER BY duplicate.id LIMIT $2
