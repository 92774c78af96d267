-- name: due
-- As gateway_clock: tenants with leases to be looked at, or alerts whose source was silent itself.
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM strands WHERE strands.tenant_id = tenants.tenant_id AND lease_check_at <= $1 LIMIT 1) AS due
UNION
SELECT tenant_id FROM tenants
CROSS JOIN LATERAL (SELECT FROM alerts WHERE alerts.tenant_id = tenants.tenant_id AND unconfirmed LIMIT 1) AS due
ORDER BY tenant_id

-- name: to_look_at
SELECT strand, fingerprint FROM strands
WHERE tenant_id = $1 AND lease_check_at <= $2 ORDER BY lease_check_at LIMIT $3

-- name: postpone
-- Of leases that were renewed, and of those that nobody could have renewed yet since we are up.
UPDATE strands SET lease_check_at = CASE
    WHEN lease_until = 'infinity' THEN NULL
    WHEN lease_until > $3 THEN lease_until
    ELSE $4::timestamptz + (lease_until - last_seen) END
WHERE tenant_id = $1 AND strand = ANY ($2::bytea[]) AND (lease_until > $3 OR $3 < $4::timestamptz + (lease_until - last_seen))

-- name: heard
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
