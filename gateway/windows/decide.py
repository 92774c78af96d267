"""The decision: what becomes of the ticket after strands and alert have been moved.

1. A firing, unsilenced, unquieted alert has a live ticket.
2. When an alert on a live ticket stops firing and no other on it fires, the ticket is resolved, if
   its rule lets the system do so.
3. A person's resolve, close or cancel quiets the episodes then on the ticket (an alert is QUIET).

`decide` is total: every combination of facts has an answer, and a test enumerates them.
"""

from dataclasses import dataclass
from enum import Enum

from gateway.alerts.outcome import Outcome
from gateway.windows.strand import Step


class AlertState(Enum):
    """An alert as far as its ticket is concerned."""

    FIRING = "fires, neither silenced nor quieted"
    SILENCED = "fires, and all its firing strands are silenced"
    QUIET = "fires, and a person has ended its ticket for this episode"
    OVER = "does not fire"
    EXPIRED = "its lease ran out, and its source has been heard since"
    UNCONFIRMED = "its lease ran out, and its source itself is silent"


class TicketState(Enum):
    """The ticket that a decision is about."""

    NONE = "there is none"
    LIVE = "open, in progress or pending"
    RESOLVED = "resolved"
    ENDED = "closed or cancelled"


class Action(Enum):
    """What to do with the ticket."""

    NOTHING = "nothing"
    OPEN = "open a new one"
    REOPEN = "back to the state it left"
    JOIN = "the alert joins it"
    RESOLVE = "resolve it, by system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a decision depends on.

    *ticket* is, for an alert that fires, the last one of its window; for one that does not, the
    one it is on.
    """

    alert: AlertState
    ticket: TicketState
    linked: bool
    """The alert is on that ticket."""
    window_open: bool
    stopped: bool
    """The alert fired until now: what is said of one that was over already changes nothing."""
    others_fire: bool
    """Other alerts on that ticket fire."""
    may_resolve: bool
    """The rule's auto_resolve lets the system resolve that ticket as it is."""


def decide(facts: Facts) -> Action:
    """The three rules above. Pure and total."""
    match facts.alert:
        case AlertState.FIRING:
            return _for_firing(facts)
        case AlertState.OVER | AlertState.EXPIRED:
            return _for_over(facts)
        case AlertState.SILENCED | AlertState.QUIET | AlertState.UNCONFIRMED:
            return Action.NOTHING


def _for_firing(facts: Facts) -> Action:
    match facts.ticket:
        case TicketState.LIVE:
            return Action.NOTHING if facts.linked else Action.JOIN
        case TicketState.RESOLVED if facts.window_open:
            return Action.REOPEN
        case TicketState.NONE | TicketState.RESOLVED | TicketState.ENDED:
            return Action.OPEN


def _for_over(facts: Facts) -> Action:
    on_live = facts.linked and facts.ticket is TicketState.LIVE
    if facts.stopped and on_live and not facts.others_fire and facts.may_resolve:
        return Action.RESOLVE
    return Action.NOTHING


_BY_ACTION = {
    Action.OPEN: Outcome.OPENED,
    Action.REOPEN: Outcome.REOPENED,
    Action.JOIN: Outcome.JOINED,
}


def outcome_of(step: Step | None, alert: AlertState, action: Action, escalates: bool) -> Outcome:
    """The name of what happened. *step* is None when no sighting, but a worker, asked."""
    if step is Step.STALE:
        return Outcome.STALE
    if step is Step.ORPHAN:
        return Outcome.ORPHAN
    if action in _BY_ACTION:
        return _BY_ACTION[action]
    if alert in (AlertState.EXPIRED, AlertState.UNCONFIRMED):
        return Outcome.EXPIRED
    if alert is AlertState.OVER:
        return Outcome.RESOLVED
    if alert is AlertState.SILENCED:
        return Outcome.SILENCED
    if alert is AlertState.QUIET:
        return Outcome.QUIETED
    if step is None:
        return Outcome.UNCHANGED
    return Outcome.ESCALATED if escalates else Outcome.MERGED
