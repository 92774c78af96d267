"""Does somebody see a ticket? What is not seen is not found, like what is not there."""

from gateway.access.principal import Principal
from gateway.access.sight import sight_of
from gateway.tickets.ticket import Ticket


def sees(principal: Principal, ticket: Ticket) -> bool:
    """One ticket of the principal's tenant; `visible` says the same of all at once."""
    sight = sight_of(principal)
    return (
        sight.everything
        or (bool(sight.own) and ticket.requester == sight.own)
        or (sight.but_closed is not None and ticket.project not in sight.but_closed)
        or ticket.project in sight.projects
    )
