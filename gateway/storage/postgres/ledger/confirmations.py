"""What to remember of a committed batch: the confirmed state of every strand that it touched."""

from gateway.alerts.memory import Confirmed
from gateway.effects.confirmed import confirm
from gateway.effects.working_set import WorkingSet
from gateway.intake.ledger import Batch


def confirmations(
    batch: Batch, tenant: int, rows: WorkingSet
) -> dict[tuple[int, bytes], Confirmed | None]:
    """By (tenant, strand). Other strands of touched alerts are forgotten."""
    confirmed: dict[tuple[int, bytes], Confirmed | None] = {}
    for fingerprint in rows.voided_alerts:
        for strand in rows.strands_of.get(fingerprint, ()):
            confirmed[tenant, strand.strand] = None
    for summed in batch.news.get(tenant, ()):
        strand = rows.strands[summed.identity.strand]
        alert = rows.alerts[strand.fingerprint]
        before = summed.identity.memory.confirmed
        sources = dict(before.sources) if before is not None else {}
        known = confirmed.get((tenant, strand.strand))
        if known is not None:
            sources |= known.sources
        sources[summed.identity.source] = summed.source_fingerprint
        written = hash(summed.annotations)
        confirmed[tenant, strand.strand] = confirm(strand, alert, sources, written)
    return confirmed
