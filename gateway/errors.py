"""The error families: what a caller can do next, not what went wrong inside.

    GatewayError
    ├── Refused          the request is wrong and stays wrong; change it
    ├── NotFound         no such thing in this tenant
    ├── Forbidden        understood, and not allowed
    ├── Conflict         the world has moved on; read again
    └── Unavailable      nothing is wrong with the request; try again later

Each carries a stable `code` (problem documents, metrics) and, where a field is to blame, pointers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field to blame: an RFC 6901 pointer into the request, and what is wrong there."""

    pointer: str
    detail: str


def pointer_to(steps: Iterable[object]) -> str:
    """The pointer that goes through these names and places, from the top."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


@dataclass(eq=False)
class GatewayError(Exception):
    """Root of all errors that have an answer."""

    detail: str
    code: str = "error"
    errors: tuple[FieldError, ...] = ()
    extra: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class Refused(GatewayError):
    """The request is wrong; sending it again unchanged is useless."""

    code: str = "invalid_request"


@dataclass(eq=False)
class NotFound(GatewayError):
    """No such thing here; the same answer for what belongs to another tenant."""

    code: str = "not_found"


@dataclass(eq=False)
class Forbidden(GatewayError):
    """Understood, and not allowed."""

    code: str = "forbidden"


@dataclass(eq=False)
class Conflict(GatewayError):
    """The state the request assumed is gone."""

    code: str = "conflict"


@dataclass(eq=False)
class Unavailable(GatewayError):
    """A dependency is away or a bound is reached: the same request may succeed later."""

    code: str = "unavailable"
    retry_after: float = 5.0
    """Seconds."""
