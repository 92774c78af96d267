-- When the system closes a ticket stands on its row since it was resolved: an index finds those whose time has come, and
-- tickets that are never closed stand at no head of it. What was resolved before, or by a replica of the release before,
-- has no such time; those are closed as before, by [tickets] close_after.

CREATE INDEX tickets_close ON tickets (tenant_id, close_at) WHERE status = 'resolved' AND close_at IS NOT NULL;
COMMENT ON COLUMN tickets.close_at IS 'When the system closes it; null: never, or it was resolved by a release before.';
GRANT SELECT (close_at, workflow) ON tickets TO gateway_clock;
