-- name: standing
-- As gateway_clock, of all tenants together: live tickets by priority, and without one the alerts that fire. From
-- partial indexes: never of all rows.
SELECT priority, count(*) FROM tickets WHERE status IN ('open', 'in_progress', 'pending') GROUP BY priority
UNION ALL
SELECT NULL, count(*) FROM alerts WHERE status = 'firing'
