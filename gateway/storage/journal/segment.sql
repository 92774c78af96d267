-- One segment of one journal. Runs inside the transaction that also inserts the header row.
-- Within a segment the sequence has no holes, so count(*) shows whether a record is missing.

CREATE TABLE header (
    journal TEXT NOT NULL,
    number INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,     -- of the first record that may stand here
    previous_seq INTEGER NOT NULL   -- last committed one of the segments before, 0 if none
);

CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,   -- microseconds since the epoch
    tenant INTEGER NOT NULL,
    source TEXT NOT NULL,
    body BLOB NOT NULL
);

PRAGMA user_version = 1;
