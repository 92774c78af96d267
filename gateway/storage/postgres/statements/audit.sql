-- name: ticket_heads
SELECT id, history_head FROM tickets WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3

-- name: silence_heads
SELECT id::text AS id, history_head FROM silences
WHERE tenant_id = $1 AND id::text COLLATE "C" > $2 ORDER BY id::text COLLATE "C" LIMIT $3

-- name: rows
SELECT sequence, at, actor, field, old, new, comment, hash, salt FROM history
WHERE tenant_id = $1 AND kind = $2 AND object_id = $3 ORDER BY sequence

-- name: other_heads
SELECT object_id AS id, head AS history_head FROM history_heads
WHERE tenant_id = $1 AND kind = $4 AND object_id > $2 ORDER BY object_id LIMIT $3

-- name: other_kinds
SELECT DISTINCT kind FROM history_heads WHERE tenant_id = $1 ORDER BY kind

-- name: texts
SELECT id, encode(sha256(salt || convert_to(body, 'UTF8')), 'hex') AS digest FROM comments
WHERE tenant_id = $1 AND ticket_id = $2
