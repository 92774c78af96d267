"""Faults of all kinds, briefly; and gateways that do wrong on purpose, which must be found out."""

import pytest

from tests.torture.controls import CONTROLS, control, found_out
from tests.torture.run import Plan, torture

pytestmark = pytest.mark.acceptance

SECONDS = 20.0


async def test_nothing_is_lost_or_doubled_and_counts_are_exact_without_redis() -> None:
    outcome = await torture(Plan(seed=1, seconds=SECONDS, redis=False, pause_seconds=0.3))
    assert outcome.verdict.violations == []
    assert (outcome.verdict.lost, outcome.verdict.doubled) == (0, 0)
    assert outcome.verdict.missing + outcome.verdict.surplus == 0
    assert len(outcome.faults) >= 5
    assert outcome.verdict.alerts > 5_000


async def test_nothing_is_lost_or_doubled_with_redis() -> None:
    outcome = await torture(Plan(seed=2, seconds=SECONDS, pause_seconds=0.3))
    assert outcome.verdict.violations == []
    assert (outcome.verdict.lost, outcome.verdict.doubled) == (0, 0)
    assert len(outcome.faults) >= 5
    assert outcome.verdict.alerts > 5_000


@pytest.mark.parametrize("name", CONTROLS)
async def test_a_gateway_that_does_wrong_is_found_out(name: str) -> None:
    outcome = await torture(control(name, seed=3, seconds=12.0))
    assert found_out(name, outcome.verdict.violations) is not None, outcome.verdict.violations
