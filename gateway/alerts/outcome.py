"""Outcomes: what became of a sighting, in one word."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one sighting: shown to people, and a metric label."""

    OPENED = "opened"
    REOPENED = "reopened"
    JOINED = "joined"
    MERGED = "merged"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    SILENCED = "silenced"
    QUIETED = "quieted"
    STALE = "stale"
    ORPHAN = "orphan"
    EXPIRED = "expired"
    UNCHANGED = "unchanged"
    """Looked at again (a silence or a quiet ended), and nothing followed."""
