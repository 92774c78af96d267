-- name: book
-- All that is declared in a tenant, and what is withdrawn in its last version.
SELECT kind, name, version, origin, checksum, body::text AS body, declared_at, place, revision, withdrawn_at
FROM declared JOIN declarations USING (tenant_id, kind, name, version) WHERE tenant_id = $1

-- name: lock
-- Whoever declares in a tenant does so alone, before any other lock.
SELECT pg_advisory_xact_lock(72, $1)

-- name: heads
SELECT object_id, length, head FROM history_heads WHERE tenant_id = $1 AND kind = 'declaration'

-- name: versions
SELECT kind, name, version, checksum, origin FROM declarations WHERE tenant_id = $1

-- name: insert_versions
INSERT INTO declarations (tenant_id, kind, name, version, body, checksum, declared_at, origin)
SELECT $1, k, n, v, b::jsonb, c, a, o
FROM unnest($2::text[], $3::text[], $4::integer[], $5::text[], $6::bytea[], $7::timestamptz[], $8::text[])
     AS new (k, n, v, b, c, a, o)

-- name: point
INSERT INTO declared (tenant_id, kind, name, version, place, revision, withdrawn_at)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::integer[], $5::integer[], $6::bigint[], $7::timestamptz[])
ON CONFLICT (tenant_id, kind, name) DO UPDATE
SET version = excluded.version, place = excluded.place, revision = excluded.revision,
    withdrawn_at = excluded.withdrawn_at

-- name: raise_revision
UPDATE declared SET revision = $2 WHERE tenant_id = $1 AND revision < $2

-- name: move_version
UPDATE tenants SET declared_version = declared_version + 1 WHERE tenant_id = $1

-- name: tenants
SELECT tenant_id, name, declared_version FROM tenants ORDER BY tenant_id
