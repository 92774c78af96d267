"""How a refusal looks: RFC 9457, with what some kinds say besides; Alertmanager's own shape."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from gateway.web.views.intake import TOLD, ShownRejected
from gateway.web.views.words import Count, Name, Ordinal, TicketId, about
from gateway.workflows.judge import Reason


class BlamedField(Struct, frozen=True, kw_only=True):
    """One field that is wrong."""

    pointer: Annotated[str, about("RFC 6901, into the body; of a query parameter `/name`.")]
    detail: Name


class ShownProblem(Struct, frozen=True, kw_only=True):
    """RFC 9457. The `code` is stable."""

    type: Annotated[str, Meta(pattern=r"^urn:alert-gateway:problem:[a-z0-9_]+$")]
    title: Name
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Name
    code: Annotated[str, Meta(pattern=r"^[a-z0-9_]+$")]
    errors: list[BlamedField]
    position: Annotated[
        Count | UnsetType, about("Of `bad_matchers`: the character where they go wrong.")
    ] = UNSET
    limit_bytes: Annotated[int | UnsetType, about("Of `body_too_large`.")] = UNSET
    request_id: Annotated[
        str | UnsetType, about("Of `internal_error`: what it is logged under.")
    ] = UNSET
    permission: Annotated[
        str | UnsetType, about("Of `missing_permission`: what would be needed.")
    ] = UNSET


class ForbiddenTransition(ShownProblem, frozen=True, kw_only=True):
    """The workflow has no such step; code `forbidden_transition`."""

    reason: Annotated[Reason, about("No such edge, not for you, or not as the ticket is.")]
    start: Annotated[Name, about("The state that the ticket is in.")] = field(name="from")
    to: Name
    allowed: Annotated[list[str], about("The states that the caller may take it to now.")]


class NewerTicketLive(ShownProblem, frozen=True, kw_only=True):
    """A newer ticket is live for the same problem; code `newer_ticket_live`."""

    ticket_id: Annotated[TicketId | UnsetType, about("If the caller sees it.")] = UNSET


class LinkForbidden(ShownProblem, frozen=True, kw_only=True):
    """The kind of link forbids it."""

    ticket_id: Annotated[
        TicketId | UnsetType, about("What stands against it, if the caller sees it.")
    ] = UNSET


class AllRefused(ShownProblem, frozen=True, kw_only=True):
    """Nothing of a body was accepted, and all of it is kept; code `all_refused`."""

    accepted: Count
    rejected: Annotated[list[ShownRejected], Meta(max_length=TOLD)]
    batch: Annotated[Name, about("Found again in logs and dead letters.")]
    more_rejected: Annotated[Ordinal | UnsetType, about("Alerts that were refused besides.")] = (
        UNSET
    )
    truncated: Annotated[Ordinal | UnsetType, about("Alerts that the sender says it left out.")] = (
        UNSET
    )


class FrameworkError(Struct, frozen=True, kw_only=True):
    """What the framework of Alertmanager would say."""

    code: int
    message: Name
