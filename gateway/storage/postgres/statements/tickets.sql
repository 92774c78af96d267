-- name: alerts_of
SELECT fingerprint FROM alerts WHERE tenant_id = $1 AND ticket_id = $2

-- name: merge_key_of
SELECT merge_key FROM tickets WHERE tenant_id = $1 AND id = $2

-- name: place_of
-- Where an alert stands: its window's key, and the ticket of its running (or last) episode.
SELECT alerts.merge_key, episodes.ticket_id
FROM alerts LEFT JOIN episodes
     ON episodes.tenant_id = alerts.tenant_id AND episodes.fingerprint = alerts.fingerprint
        AND episodes.number = alerts.episodes
WHERE alerts.tenant_id = $1 AND alerts.fingerprint = $2

-- name: to_close
SELECT id FROM tickets WHERE tenant_id = $1 AND status = 'resolved' AND resolved_at <= $2
ORDER BY resolved_at LIMIT $3
