"""What senders hear."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.intake.delivery.source import Rejected
from gateway.web.views.words import Count, Name, Ordinal, about

TOLD = 100
"""Refused alerts that an answer names; all of them are kept as dead letters."""


class ShownRejected(Struct, frozen=True, kw_only=True, gc=False):
    """An alert of a body that was refused."""

    index: Annotated[Count, about("Its place in the body.")]
    error: Annotated[Name, about("The field and what is wrong there.")]


class Taken(Struct, frozen=True, kw_only=True, gc=False):
    """What became of a body; what is accepted is on disk."""

    accepted: Count
    rejected: Annotated[list[ShownRejected], Meta(max_length=TOLD)]
    batch: Annotated[Name, about("Found again in logs and dead letters.")]
    more_rejected: Annotated[Ordinal | UnsetType, about("Alerts that were refused besides.")] = (
        UNSET
    )
    truncated: Annotated[Ordinal | UnsetType, about("Alerts that the sender says it left out.")] = (
        UNSET
    )


def show_rejected(one: Rejected) -> ShownRejected:
    """Without its bytes: the sender has them."""
    return ShownRejected(index=one.index, error=one.error)
