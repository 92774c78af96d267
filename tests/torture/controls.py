"""Negative controls: gateways that do what must never be done. The checker must find each out."""

from tests.torture.run import Plan

KILLS = ("kill -9 of a gateway", "kill -9 of both gateways")
CONTROLS = {
    "answer before the journal": ("answer-before-journal", False, KILLS),
    "position outside the transaction": ("position-outside", False, KILLS),
    "Redis trusted over PostgreSQL": ("redis-over-ledger", True, ("SCRIPT FLUSH",)),
    "confirm before commit": ("confirm-before-commit", True, KILLS),
}


def control(name: str, seed: int, seconds: float) -> Plan:
    """The run in which *name* must be found out."""
    variant, redis, only = CONTROLS[name]
    return Plan(seed, seconds, redis=redis, variant=variant, only=only, pause_seconds=0.5)
