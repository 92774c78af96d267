"""Finds the sightings that the data rules of the database refuse, by halving trial batches."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from gateway.effects.repeats import Repeat, ReportKey, as_news
from gateway.intake.delivery.sighting_letter import keep_summed
from gateway.intake.ledger import Batch, DeadLetter
from gateway.windows.sightings import Summed

Unit = tuple[int, Summed | Repeat]
Fits = Callable[[Batch], Awaitable[bool]]


async def without_poison(batch: Batch, error: BaseException, fits: Fits) -> Batch:
    """*batch* with its impossible sightings as dead letters; *error* anew if none can be blamed."""
    units = _units(batch)
    bad = await _bad(batch, units, fits)
    if not bad:
        raise error
    kept = [unit for unit in units if not any(unit is one for one in bad)]
    clean = _only(batch, kept)
    clean.dead = [*batch.dead, *(_letter(batch, unit, error) for unit in bad)]
    return clean


def _units(batch: Batch) -> list[Unit]:
    news: list[Unit] = [(tenant, one) for tenant, all_ in batch.news.items() for one in all_]
    repeats: list[Unit] = [
        (tenant, one) for tenant, all_ in batch.repeats.items() for one in all_.values()
    ]
    return news + repeats


async def _bad(batch: Batch, units: list[Unit], fits: Fits) -> list[Unit]:
    if not units or await fits(_only(batch, units)):
        return []
    if len(units) == 1:
        return units
    half = len(units) // 2
    first = await _bad(batch, units[:half], fits)
    second = await _bad(batch, units[half:], fits)
    return first + second


def _only(batch: Batch, units: list[Unit]) -> Batch:
    news: dict[int, list[Summed]] = {}
    repeats: dict[int, dict[ReportKey, Repeat]] = {}
    for tenant, unit in units:
        if isinstance(unit, Summed):
            news.setdefault(tenant, []).append(unit)
        else:
            key = tenant, unit.identity.strand, unit.identity.source
            repeats.setdefault(tenant, {})[key] = unit
    return replace(batch, news=news, repeats=repeats)


def _last_of(unit: Summed | Repeat) -> Summed:
    return unit if isinstance(unit, Summed) else as_news(unit)[-1]


def _letter(batch: Batch, unit: Unit, error: BaseException) -> DeadLetter:
    tenant, summed = unit
    return DeadLetter(
        tenant=tenant,
        source=summed.identity.source,
        reason="storage",
        error=f"{type(error).__name__}: {error}",
        raw=keep_summed(_last_of(summed)),
        batch=f"{batch.journal_id}-{batch.last}",
        at=summed.received_at,
        count=summed.count,
    )
