-- Write one group in one statement, which is one transaction.
-- ?1  all bodies, joined
-- ?2  JSON: [[received_at, tenant, source, offset from 1, length], ...], one item a record
-- ?3  seq of the first record

INSERT INTO records (seq, received_at, tenant, source, body)
SELECT
    ?3 + key,
    json_extract(value, '$[0]'),
    json_extract(value, '$[1]'),
    json_extract(value, '$[2]'),
    -- substr of nothing is NULL
    coalesce(substr(?1, json_extract(value, '$[3]'), json_extract(value, '$[4]')), x'')
FROM json_each(?2);
