"""Faults of all kinds, briefly; and gateways that do wrong on purpose, which must be found out."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.torture.controls import CONTROLS, control, found_out
from tests.torture.run import Plan, torture

pytestmark = pytest.mark.acceptance

FAULTS = 5
"""Each of another kind: a kind comes again when all others were there."""
PLAN = Plan(0, seconds=20.0, pause_seconds=0.3, least_faults=FAULTS, least_alerts=5_000)


async def test_nothing_is_lost_or_doubled_and_counts_are_exact_without_redis(
    passable_dir: Path,
) -> None:
    outcome = await torture(replace(PLAN, seed=1, redis=False), parent=passable_dir)
    assert outcome.verdict.violations == []
    assert (outcome.verdict.lost, outcome.verdict.doubled) == (0, 0)
    assert outcome.verdict.missing + outcome.verdict.surplus == 0
    assert len(outcome.faults) >= FAULTS


async def test_nothing_is_lost_or_doubled_with_redis(passable_dir: Path) -> None:
    outcome = await torture(replace(PLAN, seed=2), parent=passable_dir)
    assert outcome.verdict.violations == []
    assert (outcome.verdict.lost, outcome.verdict.doubled) == (0, 0)
    assert len(outcome.faults) >= FAULTS


@pytest.mark.parametrize("name", CONTROLS)
async def test_a_gateway_that_does_wrong_is_found_out(name: str, passable_dir: Path) -> None:
    outcome = await torture(control(name, seed=3), parent=passable_dir)
    assert found_out(name, outcome.verdict.violations) is not None, outcome.verdict.violations
