-- name: seed
SELECT seed FROM installation

-- name: tenants
SELECT tenant_id FROM tenants ORDER BY tenant_id

-- name: tenant_named
SELECT tenant_id FROM tenants WHERE name = $1
