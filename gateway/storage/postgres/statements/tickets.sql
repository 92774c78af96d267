-- name: keys_of
-- The windows that a ticket and its alerts are in; $3: of a live ticket, its own alone.
SELECT merge_key FROM tickets WHERE tenant_id = $1 AND id = $2 AND merge_key IS NOT NULL
UNION
SELECT merge_key FROM alerts
WHERE tenant_id = $1 AND ticket_id = $2
  AND NOT ($3 AND (SELECT status IN ('open', 'in_progress', 'pending') FROM tickets WHERE tenant_id = $1 AND id = $2))

-- name: follow_step
-- Whatever else would change these alerts waits for their windows, which are locked.
UPDATE alerts SET quiet_until = q, version = greatest(version + 1, $5)
FROM unnest($3::bytea[], $4::timestamptz[]) AS given (m, q)
WHERE tenant_id = $1 AND ticket_id = $2 AND status <> 'resolved' AND merge_key = m

-- name: follow_step_in_strands
-- Repeats lock strands alone, in this order.
WITH locked AS (
    SELECT strands.strand FROM strands
    JOIN alerts ON alerts.tenant_id = strands.tenant_id AND alerts.fingerprint = strands.fingerprint
    WHERE strands.tenant_id = $1 AND alerts.ticket_id = $2 AND alerts.status <> 'resolved'
    ORDER BY strands.strand FOR NO KEY UPDATE OF strands
)
UPDATE strands SET version = greatest(version + 1, $3) FROM locked WHERE tenant_id = $1 AND strands.strand = locked.strand

-- name: reports_on
-- Of alerts of a ticket that run, with the versions of their strands.
SELECT reports.strand, reports.source, strands.version FROM alerts
JOIN strands ON strands.tenant_id = alerts.tenant_id AND strands.fingerprint = alerts.fingerprint
JOIN reports ON reports.tenant_id = strands.tenant_id AND reports.strand = strands.strand
WHERE alerts.tenant_id = $1 AND alerts.ticket_id = $2 AND alerts.status <> 'resolved'

-- name: place_of
-- Where an alert stands: its window's key, and the ticket of its running (or last) episode.
SELECT alerts.merge_key, episodes.ticket_id
FROM alerts LEFT JOIN episodes
     ON episodes.tenant_id = alerts.tenant_id AND episodes.fingerprint = alerts.fingerprint
        AND episodes.number = alerts.episodes
WHERE alerts.tenant_id = $1 AND alerts.fingerprint = $2

-- name: count_revisions
SELECT count(*)::integer FROM comment_revisions WHERE tenant_id = $1 AND ticket_id = $2 AND comment_id = $3

-- name: forget_revisions
DELETE FROM comment_revisions
WHERE tenant_id = $1 AND (ticket_id, comment_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))

-- name: hide_in_messages
-- What is not for everybody any more leaves with no message that waits, and stays in none that has left.
UPDATE outbox SET payload = payload - 'body' - 'mentions'
FROM unnest($2::text[], $3::text[]) AS hidden (ticket, comment)
WHERE tenant_id = $1 AND subject = hidden.ticket AND type = 'ticket.comment_added'
  AND payload ->> 'comment_id' = hidden.comment

-- name: moved_by
-- Who took the step into the state that a ticket is in.
SELECT actor FROM history
WHERE tenant_id = $1 AND kind = 'ticket' AND object_id = $2 AND field IN ('status', 'state')
ORDER BY sequence DESC LIMIT 1

-- name: newer_live
-- The ticket that is live for the same problem as another one.
SELECT newer.id FROM tickets
JOIN windows ON windows.tenant_id = tickets.tenant_id AND windows.merge_key = tickets.merge_key
JOIN tickets AS newer ON newer.tenant_id = windows.tenant_id AND newer.id = windows.ticket_id
WHERE tickets.tenant_id = $1 AND tickets.id = $2 AND newer.id <> tickets.id
  AND newer.status IN ('open', 'in_progress', 'pending')
