"""Ids of tickets that stand in what is told of others: who may not see those does not hear of them.

In one place for all: fields of tickets, entries of histories, and refusals.
"""

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.access.principal import Principal
from gateway.access.sight import sight_of
from gateway.errors import GatewayError
from gateway.storage.postgres.kernel.rows import TICKETS
from gateway.storage.postgres.kernel.tables import is_one_of, tickets
from gateway.tickets.naming import TICKET_ID
from gateway.tickets.visibility import sees

_NAMED = re.compile(rf"(?:ticket )?({TICKET_ID.pattern})")
_UNSEEN = "a ticket that is not to be seen"


async def unseen_in(
    connection: AsyncConnection, by: Principal, texts: Iterable[str | None]
) -> frozenset[str]:
    """Of the tickets that *texts* name those that *by* does not see, or that are not there."""
    named = {one for text in texts if text for one in TICKET_ID.findall(text)}
    sight = sight_of(by)
    if not named or sight.everything or sight.but_closed == frozenset():
        return frozenset()
    query = select(*TICKETS.selected()).where(
        tickets.c.tenant_id == by.tenant, is_one_of(tickets.c.id, sorted(named))
    )
    rows = await connection.execute(query)
    known = (TICKETS.read(row._mapping) for row in rows)
    return frozenset(named - {one.id for one in known if sees(by, one)})


async def keep_unseen(connection: AsyncConnection, by: Principal, refusal: GatewayError) -> None:
    """*refusal* tells that something stands against a request, and not which ticket it is."""
    telling = refusal.extra.get("ticket_id")
    texts = [refusal.detail, telling if isinstance(telling, str) else None]
    hidden = await unseen_in(connection, by, texts)
    if telling in hidden:
        del refusal.extra["ticket_id"]
    refusal.detail = _NAMED.sub(
        lambda found: _UNSEEN if found[1] in hidden else found[0], refusal.detail
    )
