"""Who is meant where somebody is named: `me`, an id (`u_…`), or a handle (`@anna`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.access.principal import Principal
from gateway.errors import FieldError, Refused
from gateway.people.roster import Roster
from gateway.people.user import USER_ID

ME = "me"
_CLAIMS = ("local:", "token:")
"""Of actors who only say who they are: they may say so of others."""


@dataclass(eq=False)
class UnknownPerson(Refused):
    """A field names nobody who can be meant."""

    code: str = "unknown_person"


def names_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Those that must be looked up before `meant` can tell."""
    return tuple(one for one in texts if one.startswith("@") or USER_ID.fullmatch(one))


def meant(text: str, by: Principal, roster: Roster, pointer: str) -> str:
    """As tickets keep it: the id of a user, or the actor of somebody local; empty is nobody.

    Raises UnknownPerson, which blames *pointer*. Any other text is taken as it is from somebody
    without a user on a gateway without logins, where all names are claims.
    """
    if text == ME:
        return by.user or by.actor
    if not text or (_is_claim(text) and not by.user and by.actor.startswith(_CLAIMS)):
        return text
    person = roster.find(text)
    if person is None or not person.user.enabled:
        detail = "names no user here: write me, a user's id (u_…) or @handle"
        raise UnknownPerson(f"{text!r} {detail}", errors=(FieldError(pointer, detail),))
    return person.user.id


def with_assignee(fields: Mapping[str, Any], by: Principal, roster: Roster) -> Mapping[str, Any]:
    """*fields* of a ticket, the assignee as tickets keep it."""
    if "assignee" not in fields:
        return fields
    return {**fields, "assignee": meant(fields["assignee"], by, roster, "/assignee")}


def _is_claim(text: str) -> bool:
    return not names_in((text,)) and not text.startswith("u_")
