-- name: due
-- As gateway_clock: tenants whose senders were heard since.
SELECT tenant_id FROM sources GROUP BY tenant_id HAVING max(last_delivery_at) >= $1 ORDER BY tenant_id

-- name: leased_reports
-- What sources have said of the strands whose leases may have run out.
SELECT reports.strand, reports.source FROM reports
JOIN (SELECT strand FROM strands WHERE tenant_id = $1 AND lease_check_at <= $2 ORDER BY lease_check_at LIMIT $3) AS due
     ON reports.strand = due.strand
WHERE reports.tenant_id = $1

-- name: alerts_of_strands
SELECT strand, fingerprint FROM strands WHERE tenant_id = $1 AND strand = ANY ($2::bytea[])
