"""How many tickets are live, and how many alerts fire: what metrics tell."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of one tenant."""

    live_tickets: Mapping[str, int]
    """By priority."""
    firing_alerts: int
