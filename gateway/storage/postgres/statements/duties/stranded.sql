-- name: stands
-- Where live tickets stand. From a partial index: never of all rows.
SELECT workflow, status, state, count(*) AS tickets FROM tickets
WHERE tenant_id = $1 AND status IN ('open', 'in_progress', 'pending') GROUP BY workflow, status, state
