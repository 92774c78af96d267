"""`make torture`: faults of all kinds, then the negative controls; exit 1 on a violation.

python -m tests.torture [--minutes 9] [--seed N] [--no-redis] [--no-controls]
"""

import argparse
import asyncio
import logging
import random
import sys
from contextlib import suppress

from tests.torture.controls import CONTROLS, control, found_out
from tests.torture.report import table
from tests.torture.run import Plan, torture


def say(text: str) -> None:
    print(text, flush=True)


async def run(chosen: argparse.Namespace) -> bool:
    """All is as it must be."""
    say(f"Torture with seed {chosen.seed} for {chosen.minutes:g} minutes ...")
    plan = Plan(chosen.seed, chosen.minutes * 60, redis=chosen.redis, rate=chosen.rate)
    outcome = await torture(plan, say)
    say(f"\n{table(outcome)}\n")
    well = not outcome.verdict.violations
    for name in CONTROLS if chosen.controls else ():
        found = await torture(control(name, chosen.seed))
        how = found_out(name, found.verdict.violations)
        well = well and how is not None
        say(f"negative control   {name:<34} {(how or 'NOT FOUND OUT')[:100]}")
    say("\nAll is as it must be." if well else "\nViolated. The seed gives the same faults again.")
    return well


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=9.0, help="of faults (default 9)")
    parser.add_argument("--seed", type=int, default=None, help="of load and faults (default: any)")
    parser.add_argument("--rate", type=float, default=150.0, help="requests a second (default 150)")
    parser.add_argument("--no-redis", dest="redis", action="store_false", help="counts are exact")
    parser.add_argument("--no-controls", dest="controls", action="store_false")
    chosen = parser.parse_args()
    if chosen.seed is None:
        chosen.seed = random.SystemRandom().randrange(10**6)
    with suppress(KeyboardInterrupt):
        return 0 if asyncio.run(run(chosen)) else 1
    return 130


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    sys.exit(main())
