-- name: present
-- Until the transaction ends the one row with this id is seen, whoever's it is.
SELECT set_config('app.presented', $1, true)

-- name: token
SELECT tenant_id, hash, role, source, user_id FROM tokens
WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())

-- name: user
SELECT id, disabled_at IS NOT NULL OR erased_at IS NOT NULL AS disabled,
       ARRAY(SELECT group_name FROM group_members WHERE tenant_id = $1 AND user_id = users.id) AS groups
FROM users WHERE tenant_id = $1 AND (id = $2 OR handle = $3)

-- name: grants
-- Who is in a group of a project is its member, while it is declared.
SELECT role, project FROM grants WHERE tenant_id = $1 AND user_id = $2
UNION ALL
SELECT 'member', name FROM declared JOIN declarations USING (tenant_id, kind, name, version)
WHERE tenant_id = $1 AND kind = 'project' AND withdrawn_at IS NULL AND body -> 'groups' ?| $3

-- name: closed
-- Projects that only their members see, also once they are withdrawn.
SELECT name FROM declared JOIN declarations USING (tenant_id, kind, name, version)
WHERE tenant_id = $1 AND kind = 'project' AND body ->> 'visibility' = 'members'

-- name: version
SELECT tokens_version FROM installation

-- name: senders
SELECT id, hash, tenant_id, source, expires_at FROM tokens WHERE role = 'sender' AND revoked_at IS NULL

-- name: used
UPDATE tokens SET last_used_at = greatest(last_used_at, used.at)
FROM unnest($2::text[], $3::timestamptz[]) AS used (id, at) WHERE tenant_id = $1 AND tokens.id = used.id
