-- Dead letters that are read well at a later try are marked, not removed: they stay accounted for.
-- Those still to be looked at are listed newest first.

ALTER TABLE dead_letters ADD COLUMN replayed_at timestamptz;
COMMENT ON COLUMN dead_letters.replayed_at IS 'When it was taken in again; null: it waits for somebody.';
CREATE INDEX dead_letters_waiting ON dead_letters (tenant_id, first_seen DESC, source, digest) WHERE replayed_at IS NULL;

-- What fires is counted every few seconds, for a metric.
CREATE INDEX alerts_firing ON alerts (tenant_id) WHERE status = 'firing';
