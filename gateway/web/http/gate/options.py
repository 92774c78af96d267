"""`[auth]`: how callers are known."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

AuthMode = Literal["loopback", "required"]


def can_be_sent(token: str) -> None:
    """Raises ValueError, which does not repeat the token."""
    if any(character.isspace() or not character.isprintable() for character in token):
        raise ValueError("must not contain spaces: it could not be sent as a token")


@dataclass(frozen=True, slots=True)
class AuthOptions:
    """`[auth]`."""

    mode: AuthMode | None = None
    """`loopback`: whoever is on this machine is an administrator. `required`: nobody is asked
    nothing. None: `required` if there is a *token*, else `loopback`."""
    token: Annotated[str, can_be_sent] = field(default="", repr=False)
    """The default tenant's administrator, beside the tokens that its people make; empty: none."""

    @property
    def required(self) -> bool:
        """Everybody must say who they are."""
        return self.mode == "required" or bool(self.token)
