"""Not admitted: why, and what is said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import hdrs

from gateway.web.http.problems import HttpRefused

_CHALLENGES = 'Bearer realm="alert-gateway", Basic realm="alert-gateway", charset="UTF-8"'


class AuthFailure(StrEnum):
    """Why a caller was turned away; a metric label."""

    NO_CREDENTIALS = "no_credentials"
    BAD_CREDENTIALS = "bad_credentials"
    FOREIGN_HOST = "foreign_host"
    FOREIGN_ORIGIN = "foreign_origin"
    FORWARDED = "forwarded"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    STALE_SIGNATURE = "stale_signature"


OnFailure = Callable[[AuthFailure, str], None]
"""`on_failure(reason, route)`: *route* is the template, as in `/api/v1/intake/{source}`."""


@dataclass(eq=False)
class TurnedAway(HttpRefused):
    """Not admitted: 401 for credentials, 403 for what is not this machine's."""

    reason: AuthFailure = AuthFailure.NO_CREDENTIALS


def without_credentials() -> TurnedAway:
    """There were none."""
    return _unauthorized("this path needs a token", AuthFailure.NO_CREDENTIALS)


def with_bad_credentials() -> TurnedAway:
    """The same for all: who has a token that does not hold is not told why."""
    return _unauthorized("what was sent is no token that holds", AuthFailure.BAD_CREDENTIALS)


def foreign(header: str, value: str, reason: AuthFailure) -> TurnedAway:
    """Only this machine is served, and that is another."""
    return TurnedAway(
        f"without a token only this machine is served, and {header} {value!r} is not this machine;"
        " configure [auth] to serve others",
        reason.value,
        status=403,
        reason=reason,
    )


def _unauthorized(detail: str, reason: AuthFailure) -> TurnedAway:
    return TurnedAway(
        f"{detail}: send it as `Authorization: Bearer` or as the password of Basic",
        "unauthorized",
        status=401,
        headers={hdrs.WWW_AUTHENTICATE: _CHALLENGES},
        reason=reason,
    )
