"""Faults of all kinds, briefly; and gateways that do wrong on purpose, which must be found out."""

from pathlib import Path

import pytest

from tests.torture.controls import CONTROLS, control, found_out
from tests.torture.run import Plan, torture

pytestmark = pytest.mark.acceptance

SECONDS = 20.0
FAULTS = 5
"""Each of another kind: a kind comes again when all others were there."""


async def test_nothing_is_lost_or_doubled_and_counts_are_exact_without_redis(
    passable_dir: Path,
) -> None:
    plan = Plan(1, SECONDS, redis=False, pause_seconds=0.3, least_faults=FAULTS)
    outcome = await torture(plan, parent=passable_dir)
    assert outcome.verdict.violations == []
    assert (outcome.verdict.lost, outcome.verdict.doubled) == (0, 0)
    assert outcome.verdict.missing + outcome.verdict.surplus == 0
    assert len(outcome.faults) >= FAULTS
    assert outcome.verdict.alerts > 5_000


async def test_nothing_is_lost_or_doubled_with_redis(passable_dir: Path) -> None:
    plan = Plan(2, SECONDS, pause_seconds=0.3, least_faults=FAULTS)
    outcome = await torture(plan, parent=passable_dir)
    assert outcome.verdict.violations == []
    assert (outcome.verdict.lost, outcome.verdict.doubled) == (0, 0)
    assert len(outcome.faults) >= FAULTS
    assert outcome.verdict.alerts > 5_000


@pytest.mark.parametrize("name", CONTROLS)
async def test_a_gateway_that_does_wrong_is_found_out(name: str, passable_dir: Path) -> None:
    outcome = await torture(control(name, seed=3, seconds=12.0), parent=passable_dir)
    assert found_out(name, outcome.verdict.violations) is not None, outcome.verdict.violations
