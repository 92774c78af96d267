"""A tenant of years: 100,000 tickets, a twentieth of them live, with what lists walk through."""

import asyncpg

MANY = 100_000
NEWEST = f"tk_{MANY:026x}"

_FILL = """
INSERT INTO tickets (
    tenant_id, id, number, title, description, status, priority, requester, assignee,
    assignee_group, project, labels, major, created_at, updated_at, resolved_at,
    version, history_length, history_head)
SELECT 1, 'tk_' || lpad(to_hex(n), 26, '0'), n, 'CPU of host ' || n || ' is busy',
       repeat('so it is ', 20),
       CASE WHEN n % 20 = 0 THEN (ARRAY['open', 'in_progress', 'pending'])[1 + n / 20 % 3]
            ELSE (ARRAY['closed', 'resolved', 'cancelled'])[1 + n % 3] END,
       (ARRAY['critical', 'high', 'medium', 'low'])[1 + n / 20 % 4],
       CASE WHEN n % 10 = 7 THEN 'u_' || n % 500 ELSE 'system' END,
       CASE WHEN n % 6 = 0 THEN 'u_' || n % 500 ELSE '' END,
       CASE WHEN n % 4 = 0 THEN 'group-' || n % 16 ELSE '' END,
       CASE WHEN n % 3 = 0 THEN 'P' || n % 60 ELSE '' END,
       jsonb_build_object('host', 'host-' || n, 'team', 'team-' || n % 7), n = 1,
       moment, moment, CASE WHEN n % 20 = 0 THEN NULL ELSE moment END, 1, 1, '\\x00'
FROM generate_series(1, {many}) AS n,
     LATERAL (SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute') AS t (moment);
INSERT INTO history (
    tenant_id, kind, object_id, sequence, at, actor, field, new, comment, hash, applied)
SELECT 1, 'ticket', id, 1, created_at,
       CASE WHEN number % 10 = 0 THEN 'u_' || number % 500 ELSE 'system' END,
       'status', 'open', '', '\\x00', number
FROM tickets;
INSERT INTO episodes (tenant_id, fingerprint, number, rule, merge_key, ticket_id, starts_at)
SELECT 1, decode(md5(id), 'hex'), 1, '', decode(md5(id), 'hex'), id, created_at FROM tickets;
UPDATE tickets SET duplicate_of = 'tk_' || lpad(to_hex(number % 1000 + 2), 26, '0')
WHERE number > 2000 AND number % 25 = 1;
INSERT INTO ticket_links (tenant_id, kind, from_id, to_id, author, at)
SELECT 1, (ARRAY['parent', 'blocks', 'relates'])[1 + number % 3], id,
       'tk_' || lpad(to_hex(number + 1), 26, '0'), 'system', created_at
FROM tickets WHERE number < {many};
INSERT INTO ticket_refs (tenant_id, ticket_id, kind, reference)
SELECT 1, id, 'asset', 'host-' || number % 5000 FROM tickets
UNION ALL SELECT 1, id, 'service', 'all' FROM tickets;
INSERT INTO watchers (tenant_id, ticket_id, user_id)
SELECT 1, id, 'u_' || number % 500 FROM tickets WHERE number % 3 = 0;
"""
_FILLED = (
    "tickets", "history", "episodes", "ticket_links", "ticket_refs", "watchers",
)  # fmt: skip


async def fill(url: str) -> None:
    """With statistics, and with pages known to be visible to all, as they are after a while."""
    connection = await asyncpg.connect(url)
    try:
        # Foreign keys of a hundred thousand rows are nobody's question here.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(_FILL.format(many=MANY))
        for table in _FILLED:
            await connection.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await connection.close()
