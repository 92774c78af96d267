"""Who somebody is to a ticket: judged on the ticket as it was before the request."""

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.tickets.ticket import SYSTEM, Ticket
from gateway.workflows.workflow import Barred, EdgeRole

_OF_TOKEN, _OF_SOURCE = ("t_", "token:"), "s_"


def holds(by: Principal, role: EdgeRole, ticket: Ticket) -> bool:
    """Does *by* hold *role* of an edge? Admins hold every role that a person can; but a token never
    that of the requester of somebody else's ticket.
    """
    match role:
        case EdgeRole.ANY:
            return by.may(Permission.TICKETS_STEP, ticket.project)
        case EdgeRole.OPERATOR:
            return by.works_in(ticket.project)
        case EdgeRole.ADMIN:
            return by.role is Role.ADMIN
        case EdgeRole.ASSIGNEE:
            return by.role is Role.ADMIN or _is_assignee(by, ticket)
        case EdgeRole.REQUESTER:
            return _is_requester(by, ticket)
        case EdgeRole.SYSTEM:
            return False


def is_barred(by: Principal, barred: Barred, ticket: Ticket, moved_by: str) -> bool:
    """Is *by* one of those who may not? *moved_by*: who took the step into its present state."""
    match barred:
        case Barred.REQUESTER:
            return _is(by, ticket.requester)
        case Barred.ASSIGNEE:
            return _is(by, ticket.assignee)
        case Barred.RESOLVER:
            return _is(by, ticket.resolved_by)
        case Barred.SUBMITTER:
            return _is(by, moved_by)


def _is_assignee(by: Principal, ticket: Ticket) -> bool:
    """Nobody is: then the group; and without one every operator."""
    if ticket.assignee:
        return _is(by, ticket.assignee)
    if ticket.assignee_group:
        return ticket.assignee_group in by.groups
    return by.works_in(ticket.project)


def _is_requester(by: Principal, ticket: Ticket) -> bool:
    """Of what no person asked for every operator is: nobody else could confirm it."""
    if _is(by, ticket.requester):
        return True
    if ticket.requester == SYSTEM or ticket.requester.startswith((*_OF_TOKEN, _OF_SOURCE)):
        return by.works_in(ticket.project)
    return by.role is Role.ADMIN and not by.actor.startswith(_OF_TOKEN)


def _is(by: Principal, name: str) -> bool:
    return bool(name) and name in (by.actor, by.user)
