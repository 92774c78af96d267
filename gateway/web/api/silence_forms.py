"""What people send about silences."""

from typing import Annotated, Any

import msgspec

from gateway.silences.silence import SilenceState
from gateway.web.http.forms import Form, in_utc
from gateway.web.http.paging import PageForm
from gateway.web.views.words import Time, about

Author = Annotated[str, msgspec.Meta(max_length=200)]
_Comment = Annotated[str, msgspec.Meta(max_length=10_000)]
MatchersText = Annotated[
    str,
    about(
        """Alertmanager's language, as in `{team="db", env=~"live|test"}`. At most 64, and at least
one that demands something: `=` with a value, or `=~` with a pattern that the empty value fails;
65,536 characters. A mistake is refused with its `position`, in characters."""
    ),
    msgspec.Meta(examples=['{instance="db1", severity=~"critical|high"}']),
]


class SilencesForm(PageForm, frozen=True):
    """What a list of silences is narrowed to."""

    state: SilenceState | None = None


class NewSilence(Form, frozen=True):
    """Which alerts shall make no noise, and until when."""

    matchers: MatchersText
    ends_at: Time
    starts_at: Annotated[Time | None, about("Now if it is not given.")] = None
    author: Annotated[Author, about("Who asks if it is not given.")] = ""
    comment: _Comment = ""


class SilenceEdit(Form, frozen=True):
    """Only what shall change."""

    matchers: MatchersText | msgspec.UnsetType = msgspec.UNSET
    starts_at: Time | msgspec.UnsetType = msgspec.UNSET
    ends_at: Time | msgspec.UnsetType = msgspec.UNSET
    author: Author | msgspec.UnsetType = msgspec.UNSET
    comment: _Comment | msgspec.UnsetType = msgspec.UNSET


class SilencePreview(Form, frozen=True):
    """The matchers of a silence that might be made."""

    matchers: MatchersText


def changes_in(form: SilenceEdit) -> dict[str, Any]:
    """What is given, by its name in Silence."""
    changes: dict[str, Any] = {}
    for name in ("matchers", "starts_at", "ends_at", "author", "comment"):
        value = getattr(form, name)
        if value is not msgspec.UNSET:
            changes[name] = in_utc(value, f"/{name}") if name.endswith("_at") else value
    return changes
