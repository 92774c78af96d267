"""What was held back and comes to the ledger late is folded like the sightings that it sums up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from gateway.alerts.sighting import Sighting
from gateway.effects.repeats import Held
from gateway.effects.sighting import apply_held
from tests.alerts.identities import at, sighting
from tests.intake.gateway_in_memory import MemoryGateway
from tests.intake.laws import check_laws
from tests.intake.test_repeats import rows_of

CPU = {"alertname": "Cpu"}
LATE = at(20)


def seen(firing: bool = True, **more: Any) -> Sighting:
    return sighting(CPU, firing=firing, **more)


@dataclass(frozen=True)
class Case:
    """*repeated* came twice at noon, and was held later at *moments*; *meanwhile* something else
    has come to the ledger.
    """

    repeated: Sighting
    moments: Sequence[datetime]
    meanwhile: Sequence[tuple[datetime, Sighting]] = ()
    expires: bool = False

    def happened(self, *, remembering: bool) -> MemoryGateway:
        """Up to where what was held is brought."""
        gateway = MemoryGateway(remembering=remembering)
        first = (at(0), "prometheus", [self.repeated])
        gateway.deliver(first)
        gateway.deliver(first)
        return gateway

    def goes_on(self, gateway: MemoryGateway) -> None:
        for moment, other in self.meanwhile:
            gateway.deliver((moment, "prometheus", [other]))
        if self.expires:
            gateway.expire(list(gateway.ledger.strands), at(9), heard=True)


NAMED, UNNAMED = seen(starts_at=at(-5), lease_until=at(8)), seen(lease_until=at(8))
OVER = seen(firing=False, ends_at=at(-3))
CASES = {
    "nothing else": Case(NAMED, [at(1), at(2), at(3)]),
    "no start is named": Case(UNNAMED, [at(1), at(2)]),
    "it is over": Case(OVER, [at(1), at(4)]),
    "it has ended since": Case(NAMED, [at(1), at(2)], [(at(5), seen(firing=False, ends_at=at(4)))]),
    "it ended before them": Case(UNNAMED, [at(7)], [(at(5), seen(firing=False, ends_at=at(4)))]),
    "its lease ran out": Case(NAMED, [at(7.5)], expires=True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_late_and_at_once_it_is_the_same_as_if_the_sightings_had_come_late(case: Case) -> None:
    forgetting = case.happened(remembering=False)
    case.goes_on(forgetting)
    forgetting.begin_journal()
    for moment in case.moments:
        forgetting.deliver((moment, "prometheus", [case.repeated]))

    gateway = case.happened(remembering=True)
    [strand] = gateway.ledger.strands.values()
    memory = gateway.cache.memory(1, strand.strand)
    assert memory is not None
    is_unstarted = case.repeated.firing and case.repeated.starts_at is None
    held = Held(
        born=1,
        count=len(case.moments),
        uncredited=len(case.moments),
        version=strand.version,
        received_at=case.moments[-1],
        lease_until=case.repeated.lease_until,
        unstarted_at=case.moments[-1] if is_unstarted else None,
        state=memory.confirmed,
    )
    case.goes_on(gateway)
    bring(gateway, case.repeated, held)
    check_laws(gateway.ledger, LATE)
    assert what_counts(gateway) == what_counts(forgetting)


def test_of_what_is_not_known_any_more_only_the_count_is_taken() -> None:
    case = CASES["nothing else"]
    gateway = case.happened(remembering=True)
    before = what_counts(gateway)
    bring(gateway, case.repeated, Held(born=1, count=3, uncredited=3, version=1))
    after = what_counts(gateway)
    [strand] = gateway.ledger.strands.values()
    assert strand.occurrences == 5
    after["strands"][strand.strand]["occurrences"] = 2
    assert after == before


def bring(gateway: MemoryGateway, repeated: Sighting, held: Held) -> None:
    identity = gateway.identify("prometheus", repeated)
    rows = gateway.ledger.load([identity.fingerprint])
    apply_held(rows, identity, held, held.uncredited)
    assert not rows.outcomes, "they were counted when they were held"
    gateway.ledger.save(rows, int(LATE.timestamp() * 1e6))


def what_counts(gateway: MemoryGateway) -> dict[str, Any]:
    rows = rows_of(gateway.ledger)
    del rows["reports"]  # those move where counters are credited
    return rows
