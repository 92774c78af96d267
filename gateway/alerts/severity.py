"""How bad an alert is: four levels, and the words that senders use for them."""

from collections.abc import Mapping
from enum import StrEnum


class Severity(StrEnum):
    """An alert's severity and, of tickets, the priority; CRITICAL is the greatest."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """4 for critical to 1 for low, to compare and to store."""
        return _RANKS[self]


_RANKS = {Severity.CRITICAL: 4, Severity.HIGH: 3, Severity.MEDIUM: 2, Severity.LOW: 1}

DEFAULT_WORDS: Mapping[str, Severity] = {
    **dict.fromkeys(
        ("critical", "page", "emergency", "disaster", "p0", "p1", "n9e-1"), Severity.CRITICAL
    ),
    **dict.fromkeys(("error", "major", "high"), Severity.HIGH),
    **dict.fromkeys(("warning", "medium", "n9e-2"), Severity.MEDIUM),
    **dict.fromkeys(("info", "low", "n9e-3"), Severity.LOW),
}
"""Lower-case words of senders; the configuration's `[severity]` adds to them."""


def severity_of(word: str, words: Mapping[str, Severity]) -> Severity:
    """MEDIUM for an empty or unknown word: an alert is never lost for its severity."""
    return words.get(word.strip().lower(), Severity.MEDIUM)
