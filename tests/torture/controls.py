"""Negative controls: gateways that do what must never be done. The checker must find each out."""

from collections.abc import Sequence

from tests.torture.faults import IN_WINDOWS
from tests.torture.run import Plan

KILLS = (IN_WINDOWS,)
CONTROLS = {
    "answer before the journal": ("answer-before-journal", False, KILLS),
    "position outside the transaction": ("position-outside", False, KILLS),
    "Redis trusted over PostgreSQL": ("redis-over-ledger", True, ("SCRIPT FLUSH",)),
    "confirm before commit": ("confirm-before-commit", True, KILLS),
}
FOUND_OUT_BY = {
    "answer before the journal": "answered 2xx and not in the ledger",
    "position outside the transaction": "were counted twice",
    "Redis trusted over PostgreSQL": "strand is not what was said of it",
    "confirm before commit": "were not counted",
}
"""What the checker must say: not just anything."""
SETTLE_SECONDS = 12.0
LEAST_FAULTS = 2


def control(name: str, seed: int, seconds: float) -> Plan:
    """The run in which *name* must be found out."""
    variant, redis, only = CONTROLS[name]
    return Plan(
        seed,
        seconds,
        redis=redis,
        variant=variant,
        only=only,
        pause_seconds=0.5,
        settle_seconds=SETTLE_SECONDS,
        least_faults=LEAST_FAULTS,
    )


def found_out(name: str, violations: Sequence[str]) -> str | None:
    """The violation by which it is found out, if it is."""
    return next((one for one in violations if FOUND_OUT_BY[name] in one), None)
