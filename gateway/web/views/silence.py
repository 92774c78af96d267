"""How a silence looks."""

from datetime import datetime
from typing import Annotated

from msgspec import Struct

from gateway.silences.silence import Silence, SilenceState
from gateway.web.views.words import SilenceId, Time, about
from matchers import render


class ShownSilence(Struct, frozen=True, kw_only=True, gc=False):
    """Which alerts make no noise, and until when."""

    id: SilenceId
    matchers: Annotated[str, about("In the canonical spelling.")]
    starts_at: Time
    ends_at: Time
    author: str
    comment: str
    state: SilenceState
    created_at: Time
    updated_at: Time


def show_silence(one: Silence, now: datetime) -> ShownSilence:
    """A silence with its state at *now*."""
    return ShownSilence(
        id=str(one.id),
        matchers=render(one.matchers),
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        author=one.author,
        comment=one.comment,
        state=one.state(now),
        created_at=one.created_at,
        updated_at=one.updated_at,
    )
