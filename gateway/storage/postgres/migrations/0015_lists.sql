-- Indexes of lists. A fresh ticket of an alert has nobody, no group and no project, and is the system's: it enters none
-- of those on tickets but tickets_resolved, once it is resolved. Building one blocks its table's writers for seconds at
-- a million rows: intake goes on into the journal meanwhile.

CREATE INDEX tickets_live_group ON tickets (tenant_id, assignee_group, id)
    WHERE status IN ('open', 'in_progress', 'pending') AND assignee_group <> '';
CREATE INDEX tickets_of_assignee ON tickets (tenant_id, assignee, id) WHERE assignee <> '';
CREATE INDEX tickets_of_requester ON tickets (tenant_id, requester, id) WHERE requester <> 'system';
CREATE INDEX tickets_of_project ON tickets (tenant_id, project, id) WHERE project <> '';
CREATE INDEX tickets_resolved ON tickets (tenant_id, resolved_at) WHERE resolved_at IS NOT NULL;

-- What one person did; what alerts do enters it not.
CREATE INDEX history_by_people ON history (tenant_id, actor, applied) WHERE actor <> 'system';
-- How many alerts began in a span of time.
CREATE INDEX episodes_began ON episodes USING brin (starts_at);
