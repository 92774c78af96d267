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

-- name: tenant_names
SELECT name, tenant_id FROM tenants ORDER BY tenant_id

-- name: lock_tenants
-- So that two that are made at once have two numbers.
SELECT pg_advisory_xact_lock(73)

-- name: create_tenant
INSERT INTO tenants (tenant_id, name) SELECT max(tenant_id) + 1, $1 FROM tenants
ON CONFLICT (name) DO NOTHING RETURNING tenant_id
