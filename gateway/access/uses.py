"""When tokens were last used: noted in memory, and written later, in one go."""

from collections.abc import Mapping
from datetime import datetime

TokenPlace = tuple[int, str]
"""Tenant, and id of the token."""


class TokenUses:
    """Since the last `take`. As many as there are tokens, for only what holds is noted."""

    def __init__(self) -> None:
        self._last: dict[TokenPlace, datetime] = {}

    def note(self, tenant: int, token: str, now: datetime) -> None:
        """It was used."""
        self._last[tenant, token] = now

    def take(self) -> Mapping[TokenPlace, datetime]:
        """All noted, which are noted no longer."""
        taken, self._last = self._last, {}
        return taken

    def give_back(self, taken: Mapping[TokenPlace, datetime]) -> None:
        """They could not be written; what was noted meanwhile is later."""
        self._last = {**taken, **self._last}
