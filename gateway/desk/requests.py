"""What who only asks for things may say of them: title and description, of a service request."""

from collections.abc import Collection

from gateway.access.principal import Principal
from gateway.alerts.opening import TicketType
from gateway.errors import Forbidden
from gateway.tickets.ticket import Ticket, TicketStatus

_THEIRS = frozenset({"title", "description"})


def kind_of_request(
    by: Principal, asked: TicketType | None, given: Collection[str], project: str
) -> TicketType:
    """The type of a new ticket. Raises Forbidden (`requester_limits`) if somebody who does not work
    there asks for more than a service request with a title and a description.
    """
    if by.works_in(project):
        return asked or TicketType.INCIDENT
    _check_fields(set(given) - {"type"})
    if asked not in (None, TicketType.SERVICE_REQUEST):
        raise _limited(f"a requester asks for a service_request, not for a ticket of type {asked}")
    return TicketType.SERVICE_REQUEST


def check_edit_of_request(by: Principal, ticket: Ticket, given: Collection[str]) -> None:
    """While nobody works on it. Raises Forbidden (`requester_limits`)."""
    if not given or by.works_in(ticket.project):
        return
    _check_fields(given)
    if ticket.status is not TicketStatus.OPEN:
        raise _limited(f"a ticket that is {ticket.status} can be commented on by its requester")


def _check_fields(given: Collection[str]) -> None:
    if others := sorted(set(given) - _THEIRS):
        raise _limited(f"a requester says title and description, not {', '.join(others)}")


def _limited(detail: str) -> Forbidden:
    return Forbidden(detail, code="requester_limits")
