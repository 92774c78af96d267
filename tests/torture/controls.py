"""Negative controls: gateways that do what must never be done. The checker must find each out."""

from collections.abc import Sequence
from dataclasses import replace

from tests.torture.faults import IN_WINDOWS
from tests.torture.run import Plan

SETTLE_SECONDS = 12.0
KILLED = Plan(0, 0.0, only=(IN_WINDOWS,), pause_seconds=8.0, settle_seconds=SETTLE_SECONDS)
"""Once, after some seconds of load, and then no more load: what comes later would make up for what
was lost, or hide it by counting something else twice.
"""
FORGETTING = Plan(0, 12.0, only=("SCRIPT FLUSH",), pause_seconds=0.5, settle_seconds=SETTLE_SECONDS)
CONTROLS = {
    "answer before the journal": replace(KILLED, variant="answer-before-journal", redis=False),
    "position outside the transaction": replace(KILLED, variant="position-outside", redis=False),
    "Redis trusted over PostgreSQL": replace(FORGETTING, variant="redis-over-ledger"),
    "confirm before commit": replace(KILLED, variant="confirm-before-commit"),
}
FOUND_OUT_BY = {
    "answer before the journal": "answered 2xx and not in the ledger",
    "position outside the transaction": "were counted twice",
    "Redis trusted over PostgreSQL": "strand is not what was said of it",
    "confirm before commit": "were not counted",
}
"""What the checker must say: not just anything."""


def control(name: str, seed: int) -> Plan:
    """The run in which *name* must be found out."""
    return replace(CONTROLS[name], seed=seed)


def found_out(name: str, violations: Sequence[str]) -> str | None:
    """The violation by which it is found out, if it is."""
    return next((one for one in violations if FOUND_OUT_BY[name] in one), None)
