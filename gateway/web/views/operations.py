"""What operators and their tools hear."""

from msgspec import Struct


class Readiness(Struct, frozen=True, kw_only=True, gc=False):
    """Whether what is sent here can be kept."""

    ready: bool
    reasons: list[str]
