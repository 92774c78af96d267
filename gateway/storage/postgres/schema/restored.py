"""A restored database counts transactions anew: what is written from now on must come after all
that it holds.
"""

import asyncpg

_TENANTS = "SELECT tenant_id FROM tenants"
_LAST = """
SELECT coalesce(max(applied), 0) FROM history
WHERE tenant_id = (SELECT set_config('app.tenant', $1::integer::text, true))::integer
"""
_RAISE = """
UPDATE installation SET xid_offset = xid_offset + $1 - applied_now() + 1 WHERE applied_now() <= $1
"""


async def raise_offset(connection: asyncpg.Connection) -> None:
    """Beyond every `history.applied`. Tenant by tenant: the owner, too, sees one at a time."""
    if await connection.fetchval("SELECT to_regproc('applied_now')") is None:
        return
    async with connection.transaction():
        tenants = [row["tenant_id"] for row in await connection.fetch(_TENANTS)]
        lasts = [await connection.fetchval(_LAST, tenant) for tenant in tenants]
        await connection.execute(_RAISE, max(lasts, default=0))
