-- name: book
-- All that may still matter to a record: pending, active, and ended within the last week.
SELECT id, matchers, starts_at, ends_at, author, comment, created_at, updated_at, version, history_length, history_head
FROM silences WHERE tenant_id = $1 AND ends_at > $2 ORDER BY id

-- name: move_version
UPDATE tenants SET silence_version = silence_version + 1 WHERE tenant_id = $1

-- name: unsettle
-- What was changed may hold other alerts than before, which are to be handed back at its end.
UPDATE silences SET settled_at = NULL WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND settled_at IS NOT NULL
