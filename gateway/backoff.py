"""Backing off: how long to wait before what has failed is tried again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackOff:
    """Waits after one failure, two, three, …: doubling, with jitter."""

    first_seconds: float = 0.5
    longest_seconds: float = 10.0
    spread: float = 0.5
    """Share of a wait that jitter may take away: 1 for those that would meet again."""

    def wait_seconds(self, failures: int, jitter: float = 0.0) -> float:
        """*failures* in a row, at least 1; *jitter* in [0, 1)."""
        doubled = self.first_seconds * 2.0 ** min(failures - 1, 30)
        return min(doubled, self.longest_seconds) * (1 - self.spread * jitter)
