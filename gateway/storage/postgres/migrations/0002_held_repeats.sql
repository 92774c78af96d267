-- What Redis holds back of a report, and how much of that has been credited to its strand.
--
-- Redis names each of its counters by when it was born; only the increase over what was credited of
-- that counter is added, so that a count that comes twice, or late, is taken once.

ALTER TABLE reports ADD COLUMN born bigint NOT NULL DEFAULT 0, ADD COLUMN credited bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN reports.born IS 'The counter in Redis that was credited last, microseconds; 0: none.';
COMMENT ON COLUMN reports.credited IS 'How much of that counter is in the strand''s occurrences.';
