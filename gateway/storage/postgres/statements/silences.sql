-- name: book
-- All that may still matter to a record: pending, active, and ended within the last week.
SELECT id, matchers, starts_at, ends_at, author, comment, created_at, updated_at
FROM silences WHERE tenant_id = $1 AND ends_at > $2 ORDER BY id

-- name: move_version
UPDATE tenants SET silence_version = silence_version + 1 WHERE tenant_id = $1

-- name: insert
INSERT INTO silences (tenant_id, id, matchers, starts_at, ends_at, author, comment, created_at, updated_at, version,
                      history_length, history_head)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1, $9, $10)

-- name: lock
SELECT id, matchers, starts_at, ends_at, author, comment, created_at, updated_at, version, history_length, history_head
FROM silences WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE

-- name: update
UPDATE silences SET matchers = $3, starts_at = $4, ends_at = $5, author = $6, comment = $7, updated_at = $8, settled_at = NULL,
                    version = version + 1, history_length = $9, history_head = $10
WHERE tenant_id = $1 AND id = $2

-- name: unsettled
-- Ended, and the alerts that it held have not been handed back yet.
SELECT id, ends_at FROM silences WHERE tenant_id = $1 AND settled_at IS NULL AND ends_at <= $2 ORDER BY ends_at LIMIT 100

-- name: settle
UPDATE silences SET settled_at = $3 WHERE tenant_id = $1 AND id = ANY ($2::uuid[])

-- name: firing_strands
SELECT strand, fingerprint, labels::text FROM strands
WHERE tenant_id = $1 AND firing AND silenced = $2 AND strand > $3 ORDER BY strand LIMIT $4
