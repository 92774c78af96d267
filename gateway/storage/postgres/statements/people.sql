-- name: lock
-- One change of people at a time in a tenant; taken before every other lock.
SELECT pg_advisory_xact_lock(72, $1)

-- name: users
SELECT * FROM users
WHERE tenant_id = $1
  AND (id = ANY ($2::text[]) OR handle = ANY ($3::text[])
       OR ($4 AND id IN (SELECT user_id FROM grants WHERE tenant_id = $1 AND role = 'admin' AND project = '')))
ORDER BY id

-- name: grants
SELECT * FROM grants WHERE tenant_id = $1 AND user_id = ANY ($2::text[]) ORDER BY project, role

-- name: groups
SELECT * FROM group_members WHERE tenant_id = $1 AND user_id = ANY ($2::text[]) ORDER BY group_name

-- name: ends
SELECT object_id, length, head FROM history_heads WHERE tenant_id = $1 AND kind = $2 AND object_id = ANY ($3::text[])

-- name: token
SELECT * FROM tokens WHERE tenant_id = $1 AND id = $2

-- name: revoke
DELETE FROM grants WHERE tenant_id = $1 AND user_id = $2 AND role = $3 AND project = $4

-- name: leave
DELETE FROM group_members WHERE tenant_id = $1 AND group_name = $2 AND user_id = $3

-- name: move_tokens_version
UPDATE installation SET tokens_version = tokens_version + 1

-- name: members
SELECT * FROM users
WHERE tenant_id = $1 AND handle > $3
  AND ($2 = '' OR id IN (SELECT user_id FROM group_members WHERE tenant_id = $1 AND group_name = $2))
ORDER BY handle LIMIT $4

-- name: group_names
SELECT group_name, count(*)::integer AS members FROM group_members
WHERE tenant_id = $1 AND group_name > $2 GROUP BY group_name ORDER BY group_name LIMIT $3

-- name: tokens
-- Of one user, or (null) of all; latest first.
SELECT * FROM tokens
WHERE tenant_id = $1 AND ($2::text IS NULL OR user_id = $2)
  AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))
ORDER BY created_at DESC, id DESC LIMIT $5

-- name: handles
SELECT handle FROM users WHERE tenant_id = $1 AND id = ANY ($2::text[])

-- name: handles_by_id
SELECT id, handle FROM users WHERE tenant_id = $1 AND id = ANY ($2::text[]) AND erased_at IS NULL

-- name: enabled
-- Whose handle begins with a text that holds no wildcard.
SELECT * FROM users
WHERE tenant_id = $1 AND handle > $3 AND starts_with(handle, $2) AND disabled_at IS NULL AND erased_at IS NULL
ORDER BY handle LIMIT $4

-- name: in_project
SELECT * FROM users
WHERE tenant_id = $1 AND handle > $3
  AND id IN (SELECT user_id FROM grants WHERE tenant_id = $1 AND project = $2 AND project <> '')
ORDER BY handle LIMIT $4
