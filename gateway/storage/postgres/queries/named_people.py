"""Handles of the people whom a ticket names by id, so that nobody has to look up each."""

from collections.abc import Mapping

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.statements import load
from gateway.tickets.view import TicketView

SQL = load("people")


async def people_named(
    transaction: Transaction, by: Principal, view: TicketView
) -> Mapping[str, str]:
    """By id. For who may look people up, and nobody else."""
    ticket, project = view.ticket, view.ticket.project
    if not by.may(Permission.TICKETS_ASSIGN, project) and not by.may(Permission.PEOPLE_READ):
        return {}
    entries = [one.entry for one in view.history]
    named = {ticket.assignee, ticket.requester, ticket.resolved_by, view.moved_by}
    named.update(one.actor for one in entries)
    named.update(text for one in entries for text in (one.old, one.new) if text)
    ids = sorted(one for one in named if one.startswith("u_"))
    rows = await transaction.driver.fetch(SQL["handles_by_id"], transaction.tenant, ids)
    return {row["id"]: row["handle"] for row in rows}
