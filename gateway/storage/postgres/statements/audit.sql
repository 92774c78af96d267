-- name: ticket_heads
SELECT id, history_length AS length, history_head AS head FROM tickets WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3

-- name: silence_heads
SELECT id::text AS id, history_length AS length, history_head AS head FROM silences
WHERE tenant_id = $1 AND id::text COLLATE "C" > $2 ORDER BY id::text COLLATE "C" LIMIT $3

-- name: other_heads
SELECT object_id AS id, length, head FROM history_heads
WHERE tenant_id = $1 AND kind = $4 AND object_id > $2 ORDER BY object_id LIMIT $3

-- name: other_kinds
SELECT DISTINCT kind FROM history_heads WHERE tenant_id = $1 ORDER BY kind

-- name: rows
SELECT sequence, at, actor, field, old, new, comment, hash, salt FROM history
WHERE tenant_id = $1 AND kind = $2 AND object_id = $3 ORDER BY sequence

-- name: headless
-- Histories of objects that are not there, or have no end of their chain.
SELECT kind, object_id, min(sequence) AS sequence FROM history AS ticket
WHERE tenant_id = $1 AND kind = 'ticket'
  AND NOT EXISTS (SELECT FROM tickets WHERE tickets.tenant_id = $1 AND tickets.id = ticket.object_id)
GROUP BY kind, object_id
UNION ALL
SELECT kind, object_id, min(sequence) FROM history AS silence
WHERE tenant_id = $1 AND kind = 'silence'
  AND NOT EXISTS (SELECT FROM silences WHERE silences.tenant_id = $1 AND silences.id::text = silence.object_id)
GROUP BY kind, object_id
UNION ALL
SELECT kind, object_id, min(sequence) FROM history AS other
WHERE tenant_id = $1 AND kind NOT IN ('ticket', 'silence')
  AND NOT EXISTS (
      SELECT FROM history_heads AS ends
      WHERE ends.tenant_id = $1 AND ends.kind = other.kind AND ends.object_id = other.object_id)
GROUP BY kind, object_id
ORDER BY kind, object_id

-- name: texts
-- What comments say now, and what they said before.
SELECT id, 0 AS number,
       CASE WHEN retracted_at IS NULL THEN 'sha256:' || encode(sha256(salt || convert_to(body, 'UTF8')), 'hex')
            ELSE 'retracted' END AS said
FROM comments WHERE tenant_id = $1 AND ticket_id = $2
UNION ALL
SELECT comment_id, number, 'sha256:' || encode(sha256(salt || convert_to(body, 'UTF8')), 'hex') FROM comment_revisions
WHERE tenant_id = $1 AND ticket_id = $2

-- name: unknown_texts
-- Comments on tickets whose histories speak of none.
SELECT ticket_id, id FROM comments
WHERE tenant_id = $1 AND NOT EXISTS (
    SELECT FROM history
    WHERE history.tenant_id = $1 AND kind = 'ticket' AND object_id = ticket_id AND field = 'comment'
      AND starts_with(coalesce(new, old), comments.id || ' '))
ORDER BY ticket_id, id
