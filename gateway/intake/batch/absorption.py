"""One batch and the absorber: what is held leaves the batch, what passes goes on with its counter.

A batch may be tried several times: what was counted at one try is not counted again at the next.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gateway.alerts.memory import Confirmed
from gateway.effects.repeats import Asked, Held, Repeat, ReportKey
from gateway.intake.absorber import AT_ONCE, Absorber, Confirmation
from gateway.intake.ledger import Applied, Batch, RepeatsMoved
from gateway.windows.sightings import Summed


@dataclass(slots=True)
class Absorption:
    """Lives as long as a batch is being settled."""

    absorber: Absorber
    _counted: dict[ReportKey, Repeat] = field(default_factory=dict)
    _passed: dict[ReportKey, Held] = field(default_factory=dict)

    async def absorb(self, batch: Batch) -> None:
        """Hold back what can be, and let what was held before go with what passes now.

        Raises RepeatsMoved, like the ledger, for strands that are known to have changed elsewhere.
        """
        self._take_out(batch)
        self._passed = {}
        moved: set[tuple[int, bytes]] = set()
        questions = _asked(batch)
        while asked := dict(islice(questions, AT_ONCE)):
            absorbed = await self.absorber.absorb(asked)
            self._take_held(batch, absorbed.held)
            self._passed |= absorbed.passed
            moved |= {key[:2] for key, held in absorbed.passed.items() if _moved(asked[key], held)}
        if moved:
            raise RepeatsMoved("strands have changed elsewhere", strands=tuple(moved))
        batch.held = {key: held for key, held in self._passed.items() if held.uncredited > 0}

    def _take_held(self, batch: Batch, keys: Sequence[ReportKey]) -> None:
        counted, repeats = self._counted, batch.repeats
        for key in keys:
            counted[key] = repeats[key[0]].pop(key)

    async def confirm(self, batch: Batch, applied: Applied) -> None:
        """After the commit: tell the absorber, and count what was held."""
        for repeat in self._counted.values():
            applied.outcomes[repeat.known.outcome] += repeat.count
            applied.held += repeat.count
        confirmations = self._confirmations(batch, applied)
        await self.absorber.confirm(confirmations)
        versions = dict(applied.voided)
        for key, one in confirmations.items():
            if one.known is not None:
                versions.pop(key, None)
        await self.absorber.void(versions)

    def _confirmations(self, batch: Batch, applied: Applied) -> Mapping[ReportKey, Confirmation]:
        told: dict[ReportKey, Confirmation] = {}
        for tenant, news in batch.news.items():
            for summed in news:
                key = (tenant, summed.identity.strand, summed.identity.source)
                held = self._passed.get(key)
                if held is not None:
                    known = applied.confirmed.get(key[:2])
                    told[key] = _confirmation(held, known, summed)
        for tenant, repeats in batch.repeats.items():
            for key, repeat in repeats.items():
                held = self._passed.get(key)
                if held is not None:
                    known = applied.confirmed.get((tenant, key[1]), repeat.known)
                    told[key] = _confirmation(held, known, repeat)
        return told

    def _take_out(self, batch: Batch) -> None:
        """Of an earlier try: counted there already, whatever it looks like now."""
        counted = Counter({key: repeat.count for key, repeat in self._counted.items()})
        for key, count in counted.items():
            repeats = batch.repeats.get(key[0], {})
            repeat = repeats.pop(key, None)
            left = count - (0 if repeat is None else repeat.count)
            if left > 0:
                _discount(batch, key, left)


def _discount(batch: Batch, key: ReportKey, count: int) -> None:
    """It is news after all: what it says still holds, but it has been counted."""
    for summed in batch.news.get(key[0], ()):
        if (summed.identity.strand, summed.identity.source) == key[1:]:
            taken = min(count, summed.count)
            summed.count -= taken
            count -= taken


def _asked(batch: Batch) -> Iterator[tuple[ReportKey, Asked]]:
    """Repeats may leave the batch meanwhile."""
    for repeats in batch.repeats.values():
        yield from list(repeats.items())
    for tenant, news in batch.news.items():
        for summed in news:
            identity = summed.identity
            key = (tenant, identity.strand, identity.source)
            yield key, Asked(0, 0, summed.received_at, None, None)


def _moved(asked: Asked, held: Held) -> bool:
    """A repeat of what is no longer confirmed, or one after others that repeated something else."""
    is_other = held.void or held.version != asked.version
    return asked.version != 0 and (
        held.version > asked.version or (held.uncredited > 0 and is_other)
    )


def _confirmation(held: Held, known: Confirmed | None, last: Summed | Repeat) -> Confirmation:
    return Confirmation(held.born, held.count, known, last.received_at, last.lease_until)
