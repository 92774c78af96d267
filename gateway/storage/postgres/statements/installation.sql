-- name: seed
SELECT seed FROM installation

-- name: finished_release
SELECT finished_release FROM installation

-- name: finish_release
-- By the owner of the schema.
UPDATE installation SET finished_release = greatest(finished_release, $1)

-- name: tenants
SELECT tenant_id FROM tenants ORDER BY tenant_id

-- name: tenant_named
SELECT tenant_id FROM tenants WHERE name = $1
