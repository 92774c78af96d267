"""Tickets in states that their workflow has not: people take no steps with them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.tickets.ticket import TicketStatus
from gateway.workflows.workflow import Workflow


class Stand(NamedTuple):
    """How many live tickets of one workflow stand in one place."""

    workflow: str
    status: TicketStatus
    state: str | None
    """None: it is named like the status."""
    tickets: int


def stranded(stands: Iterable[Stand], named: Mapping[str, Workflow]) -> dict[str, int]:
    """Tickets by workflow, of those that have any; a workflow that is none of *named* has no
    states at all.
    """
    found: dict[str, int] = {}
    for one in stands:
        workflow = named.get(one.workflow)
        if workflow is None or workflow.placed(one.status, one.state) is None:
            found[one.workflow] = found.get(one.workflow, 0) + one.tickets
    return found
