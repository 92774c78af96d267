"""What the process remembers of strands: learnt of others, or of its own commits, and forgotten."""

from collections.abc import Iterable

from gateway.alerts.identity import Identity
from gateway.alerts.memory import Confirmed
from gateway.effects.confirmed import shared
from gateway.effects.repeats import ReportKey
from gateway.intake.delivery.checker import Checker
from gateway.intake.ledger import Applied, Batch
from gateway.intake.queue import CheckedRecord


def unknown(batch: Batch) -> dict[ReportKey, Identity]:
    """News only because this process knows nothing of what its source said before."""
    found: dict[ReportKey, Identity] = {}
    for tenant, news in batch.news.items():
        for summed in news:
            identity = summed.identity
            known = identity.memory.confirmed
            if known is None or identity.source not in known.sources:
                found[tenant, identity.strand, identity.source] = identity
    return found


def remember(identity: Identity, recalled: Confirmed) -> bool:
    """Keep what the absorber knew; of what is known already only sources are added. False: nothing
    was learned.
    """
    known = identity.memory.confirmed
    if known is None:
        identity.memory.confirmed = recalled
        return True
    if known.version != recalled.version or known.sources.keys() >= recalled.sources.keys():
        return False
    known.sources = shared(known.sources | recalled.sources)
    return True


def remember_commit(checker: Checker, batch: Batch, applied: Applied) -> None:
    """What the ledger has confirmed of the strands of *batch*."""
    for repeats in batch.repeats.values():
        for repeat in repeats.values():
            repeat.known.credited(repeat.lease_until, repeat.annotations)
    for (tenant, strand), known in applied.confirmed.items():
        memory = checker.memory(tenant, strand)
        if memory is not None:
            memory.confirmed = known


def forget(taken: Iterable[CheckedRecord], strands: set[bytes] | None) -> None:
    """Their next sightings are news; None: all of them."""
    for _, checked in taken:
        for identity in checked.identities:
            if strands is None or identity.strand in strands:
                identity.memory.confirmed = None
