-- name: due
-- As gateway_clock: tenants that have ever had a silence, at which version they are, and whether one has ended whose
-- alerts were not all handed back yet.
SELECT tenant_id, silence_version, EXISTS (SELECT FROM silences
                                           WHERE silences.tenant_id = tenants.tenant_id AND settled_at IS NULL
                                             AND ends_at <= $1) AS has_ended
FROM tenants WHERE silence_version > 0 ORDER BY tenant_id

-- name: unsettled
-- Ended, and the alerts that it held have not been handed back yet.
SELECT id, ends_at FROM silences WHERE tenant_id = $1 AND settled_at IS NULL AND ends_at <= $2 ORDER BY ends_at LIMIT 100

-- name: settle
UPDATE silences SET settled_at = $3 WHERE tenant_id = $1 AND id = ANY ($2::uuid[])

-- name: firing_strands
SELECT strand, fingerprint, labels::text FROM strands
WHERE tenant_id = $1 AND firing AND silenced = $2 AND strand > $3 ORDER BY strand LIMIT $4
