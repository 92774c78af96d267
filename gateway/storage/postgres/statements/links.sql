-- name: lock_links
-- Before every other lock, for whatever adds or removes a link of the tenant: else two of them could close a ring.
SELECT pg_advisory_xact_lock(71, $1)

-- name: around
-- The links of a kind that a new one from $3 to $4 would join: of parents those above, of all kinds those below.
WITH RECURSIVE above AS (
    SELECT * FROM ticket_links WHERE tenant_id = $1 AND kind = $2 AND to_id IN ($3, $4) AND $2 = 'parent'
    UNION
    SELECT upper.* FROM ticket_links AS upper JOIN above ON upper.to_id = above.from_id
    WHERE upper.tenant_id = $1 AND upper.kind = $2
), below AS (
    SELECT * FROM ticket_links WHERE tenant_id = $1 AND kind = $2 AND from_id = $4
    UNION
    SELECT lower.* FROM ticket_links AS lower JOIN below ON lower.from_id = below.to_id
    WHERE lower.tenant_id = $1 AND lower.kind = $2
)
SELECT kind, from_id, to_id, author, at FROM above
UNION SELECT kind, from_id, to_id, author, at FROM below
UNION SELECT kind, from_id, to_id, author, at FROM ticket_links
      WHERE tenant_id = $1 AND kind = $2 AND ((from_id = $3 AND to_id = $4) OR (from_id = $4 AND to_id = $3))

-- name: alerts_changing_hands
-- Running alerts that go to an original with their ticket's windows, or come back from it.
SELECT fingerprint, merge_key FROM alerts
WHERE tenant_id = $1 AND status <> 'resolved'
  AND (ticket_id = $2 OR (ticket_id = $3 AND merge_key = (SELECT merge_key FROM tickets WHERE tenant_id = $1 AND id = $2)))

-- name: tickets_changing_hands
-- With the ticket itself, its original, and what duplicates it.
SELECT id, merge_key FROM tickets WHERE tenant_id = $1 AND (id IN ($2, $3) OR duplicate_of = $2)

-- name: ending_with
SELECT id FROM tickets
WHERE tenant_id = $1 AND duplicate_of = $2 AND status IN ('open', 'in_progress', 'pending', 'resolved') ORDER BY id LIMIT $3

-- name: live_children
SELECT count(*)::integer FROM ticket_links
JOIN tickets ON tickets.tenant_id = ticket_links.tenant_id AND tickets.id = ticket_links.to_id
WHERE ticket_links.tenant_id = $1 AND ticket_links.kind = 'parent' AND from_id = $2
  AND status IN ('open', 'in_progress', 'pending')

-- name: references
SELECT ticket_id, kind, reference, title, url FROM ticket_refs
WHERE tenant_id = $1 AND ticket_id = $2 ORDER BY kind, reference

-- name: watchers
SELECT ticket_id, user_id FROM watchers WHERE tenant_id = $1 AND ticket_id = $2 ORDER BY user_id

-- name: is_user
SELECT true FROM users WHERE tenant_id = $1 AND id = $2 AND disabled_at IS NULL

-- name: remove_links
DELETE FROM ticket_links
WHERE tenant_id = $1 AND (kind, from_id, to_id) IN (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))

-- name: remove_references
DELETE FROM ticket_refs
WHERE tenant_id = $1 AND (ticket_id, kind, reference) IN (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))

-- name: remove_watchers
DELETE FROM watchers WHERE tenant_id = $1 AND (ticket_id, user_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
