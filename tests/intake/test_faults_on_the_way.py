"""Whatever raises between journal and ledger: every record is accounted for, and no record stops
those of others.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

import gateway.alerts.identity
import gateway.alerts.labels
import gateway.alerts.rule
import gateway.alerts.severity
import gateway.changes.change
import gateway.effects.alert
import gateway.effects.condition
import gateway.effects.confirmed
import gateway.effects.counts
import gateway.effects.episode
import gateway.effects.finish
import gateway.effects.moves
import gateway.effects.sighting
import gateway.effects.status
import gateway.effects.tickets.ticket
import gateway.effects.working_set
import gateway.events.event
import gateway.events.routing
import gateway.history.chain
import gateway.intake.absorber
import gateway.intake.batch.absorption
import gateway.intake.batch.aside
import gateway.intake.batch.collect
import gateway.intake.batch.load
import gateway.intake.batch.memory
import gateway.intake.batch.pace
import gateway.intake.batch.poison
import gateway.intake.delivery.checker
import gateway.intake.insistence
import gateway.intake.ledger
import gateway.intake.pipeline
import gateway.intake.progress
import gateway.intake.queue
import gateway.intake.readback
import gateway.moments
import gateway.silences.book
import gateway.silences.silence
import gateway.storage.postgres.kernel.bulk
import gateway.storage.postgres.kernel.claims
import gateway.storage.postgres.kernel.connect
import gateway.storage.postgres.kernel.held
import gateway.storage.postgres.kernel.moments
import gateway.storage.postgres.kernel.rows
import gateway.storage.postgres.kernel.save
import gateway.storage.postgres.kernel.stored
import gateway.storage.postgres.kernel.working_set
import gateway.storage.postgres.ledger.confirmations
import gateway.storage.postgres.ledger.credit
import gateway.storage.postgres.ledger.ledger
import gateway.storage.postgres.ledger.letters
import gateway.tickets.change
import gateway.tickets.naming
import gateway.tickets.ticket
import gateway.windows.claims
import gateway.windows.decide
import gateway.windows.strand
import gateway.windows.window
import gateway.workflows.judge
from gateway.events.event import EventType
from gateway.events.routing import Route
from tests.conftest import Databases
from tests.intake.faults import POISON, ArbitraryError, Fault, Place, faulty, places
from tests.intake.pipelines import QUICK, Journal, a_silence, drain, fill, pipeline_in_memory
from tests.world import World

RULES = places(
    [
        gateway.alerts.identity, gateway.alerts.labels, gateway.alerts.rule,
        gateway.alerts.severity, gateway.intake.absorber, gateway.intake.batch.absorption,
        gateway.changes.change, gateway.effects.alert, gateway.effects.finish,
        gateway.events.event, gateway.events.routing, gateway.intake.batch.aside,
        gateway.intake.delivery.checker, gateway.intake.batch.collect, gateway.effects.confirmed,
        gateway.effects.counts, gateway.effects.sighting, gateway.intake.insistence,
        gateway.intake.ledger, gateway.intake.pipeline, gateway.intake.progress,
        gateway.effects.moves, gateway.effects.tickets.ticket, gateway.intake.queue,
        gateway.intake.batch.load, gateway.intake.batch.memory, gateway.intake.batch.pace,
        gateway.intake.readback,
        gateway.effects.working_set, gateway.effects.condition, gateway.effects.episode,
        gateway.effects.status,
        gateway.silences.book, gateway.silences.silence, gateway.tickets.change,
        gateway.history.chain, gateway.tickets.naming, gateway.tickets.ticket,
        gateway.workflows.judge, gateway.windows.claims, gateway.windows.decide,
        gateway.windows.strand,
        gateway.moments, gateway.windows.window,
    ]
)  # fmt: skip
STORAGE = places(
    [
        gateway.storage.postgres.kernel.bulk,
        gateway.storage.postgres.kernel.claims, gateway.storage.postgres.kernel.connect,
        gateway.storage.postgres.ledger.credit,
        gateway.storage.postgres.kernel.held, gateway.storage.postgres.ledger.ledger,
        gateway.storage.postgres.ledger.letters, gateway.storage.postgres.kernel.moments,
        gateway.storage.postgres.ledger.confirmations, gateway.intake.batch.poison,
        gateway.storage.postgres.kernel.rows, gateway.storage.postgres.kernel.save,
        gateway.storage.postgres.kernel.rows, gateway.storage.postgres.kernel.stored,
        gateway.storage.postgres.kernel.working_set,
    ]
)  # fmt: skip
NOT_ON_THE_WAY = {
    "RecordQueue.committed",  # the journal's side: see test_what_the_journal_could_not_hand_on
    "RecordQueue.close",
}
LAST_RESORT = {"Halving.apply", "Halving._once_more", "aside.set_aside", "aside.rejected_whole",
               "queue.check_all", "Pipeline.check", "readback.read_back",
               "Pipeline.apply_records"}  # fmt: skip
"""What sets a record aside must work with that record; it may fail once, like everything."""
ERRORS = [ArbitraryError, KeyError]


SIGHTINGS = 9
POISONOUS = 2


@pytest.fixture(autouse=True)
def hushed() -> None:
    """Thousands of tracebacks that are meant to be."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


async def in_memory(place: Place, fault: Fault) -> str | None:
    """What is wrong afterwards."""
    pipeline, ledger = pipeline_in_memory()
    journal = Journal(pipeline)
    fill(journal, "one")
    with faulty(place, fault):
        await drain(journal, "journal")
    held = {strand.labels: strand.occurrences for strand in ledger.tables.strands.values()}
    others = sum(count for labels, count in held.items() if POISON.encode() not in labels)
    letters = sum(letter.count for letter in ledger.letters)
    return wrong(fault, sum(held.values()), others, letters)


def wrong(fault: Fault, occurrences: int, others: int, letters: int) -> str | None:
    broken = 1
    if occurrences + letters != SIGHTINGS + broken:
        return f"{occurrences} occurrences and {letters} dead letters"
    if others != SIGHTINGS - POISONOUS:
        return f"{others} sightings of other records were applied"
    if not fault.always and letters != broken:
        return f"one exception made {letters - broken} dead letters"
    return None


async def found_wrong(
    all_places: Sequence[Place],
    try_out: Callable[[Place, Fault], Awaitable[str | None]],
    error: Callable[[str], Exception],
    *,
    always: bool,
) -> tuple[list[str], int]:
    """What is wrong at each of *all_places*, and at how many of them the fault has struck."""
    found, struck = [], 0
    for place in all_places:
        if str(place) in NOT_ON_THE_WAY or (always and str(place) in LAST_RESORT):
            continue
        fault = Fault(error, always)
        try:
            problem = await try_out(place, fault)
        except TimeoutError:
            problem = "the pipeline stands"
        struck += fault.raised > 0
        if problem:
            found.append(f"{place}: {problem}")
    return found, struck


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
@pytest.mark.parametrize("always", [False, True], ids=["once", "for-one-record"])
async def test_no_function_on_the_way_stops_the_pipeline_or_loses_a_record(
    always: bool, error: type[Exception]
) -> None:
    found, struck = await found_wrong(RULES, in_memory, error, always=always)
    assert found == []
    assert struck > (40 if always else 80), "the faults are on the way"


@asynccontextmanager
async def a_world(database: str, name: str) -> AsyncIterator[World]:
    route = Route("hook", frozenset(EventType))
    async with World(database, journal=name, routes=[route]) as world:
        world.pipeline.options = QUICK
        yield world


@pytest.fixture
def one_database(databases: Databases, migrated_template: str) -> str:
    return databases.url_of(databases.create(migrated_template))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
@pytest.mark.parametrize("always", [False, True], ids=["once", "for-one-record"])
async def test_nor_does_a_function_at_the_database(
    one_database: str, always: bool, error: type[Exception]
) -> None:
    async with a_world(one_database, "silencing") as world:
        await world.people.silence(1, a_silence())

    async def at_the_database(place: Place, fault: Fault) -> str | None:
        case = str(place)
        async with a_world(one_database, case) as world:
            journal = Journal(world.pipeline)
            fill(journal, case)
            with faulty(place, fault):
                await drain(journal, case)
            counts = await world.rows(
                "SELECT coalesce(sum(occurrences), 0)::int AS all, coalesce(sum(occurrences)"
                " FILTER (WHERE labels->>'alertname' <> $2), 0)::int AS others FROM strands"
                " WHERE labels->>'case' = $1",
                case, POISON,
            )  # fmt: skip
            letters = await world.rows(
                "SELECT coalesce(sum(count), 0)::int AS n FROM dead_letters"
                " WHERE left(batch, length($1) + 1) = $1 || '-'",
                case,
            )
        return wrong(fault, counts[0]["all"], counts[0]["others"], letters[0]["n"])

    found, struck = await found_wrong(STORAGE, at_the_database, error, always=always)
    assert found == []
    assert struck > (10 if always else 30), "the faults are on the way"
