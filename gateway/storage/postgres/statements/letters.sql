-- name: page
SELECT source, digest, reason, error, substring(raw for $9) AS raw, length(raw) AS raw_bytes, count, batch, first_seen,
       last_seen
FROM dead_letters
WHERE tenant_id = $1 AND replayed_at IS NULL
  AND ($2::text IS NULL OR source = $2) AND ($3::text IS NULL OR reason = $3)
  AND ($4::text[] IS NULL OR (source, digest) IN (SELECT * FROM unnest($4::text[], $5::bytea[])))
  AND ($6::timestamptz IS NULL OR first_seen < $6 OR (first_seen = $6 AND (source, digest) > ($7::text, $8::bytea)))
ORDER BY first_seen DESC, source, digest LIMIT $10

-- name: mark_replayed
UPDATE dead_letters SET replayed_at = r.at
FROM unnest($2::text[], $3::bytea[], $4::timestamptz[]) AS r (source, digest, at)
WHERE tenant_id = $1 AND dead_letters.source = r.source AND dead_letters.digest = r.digest AND replayed_at IS NULL
RETURNING dead_letters.source, dead_letters.digest
