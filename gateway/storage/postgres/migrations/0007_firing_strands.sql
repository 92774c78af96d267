-- When a silence begins, all that fires is looked at; when one ends, only what it may have held.

CREATE INDEX strands_firing ON strands (tenant_id, silenced, strand) WHERE firing;
DROP INDEX strands_silenced;
