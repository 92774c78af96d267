"""The predicate of every query for tickets: what the principal sees."""

from sqlalchemy import false, or_, true
from sqlalchemy.sql import ColumnElement

from gateway.access.principal import Principal
from gateway.access.sight import sight_of
from gateway.storage.postgres.kernel.tables import is_one_of, tickets


def visible(principal: Principal) -> ColumnElement[bool]:
    """Of rows of `tickets`, whose tenant is asked for beside it; `sees` says the same of one."""
    sight = sight_of(principal)
    if sight.everything:
        return true()
    seen: list[ColumnElement[bool]] = [false()]
    if sight.own:
        seen.append(tickets.c.requester == sight.own)
    if sight.but_closed is not None:
        seen.append(~is_one_of(tickets.c.project, sight.but_closed))
    if sight.projects:
        seen.append(is_one_of(tickets.c.project, sight.projects))
    return or_(*seen)
