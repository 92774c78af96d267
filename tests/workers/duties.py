"""Every duty that moves alerts and tickets, with something for each to do."""

from datetime import timedelta

from gateway.upkeep.retention import RetentionOptions
from gateway.workers.closing import Closing
from gateway.workers.leases import LeaseClock
from gateway.workers.quiets import QuietClock
from gateway.workers.retention import Retention
from gateway.workers.silences import SilenceClock
from gateway.workers.supervisor import Turn
from tests.workers.worlds import silence
from tests.world import MINUTE, START, World, at, firing, resolved


def leases(world: World) -> Turn:
    up_since = START - timedelta(days=1)
    return LeaseClock(
        world.leases,
        world.journals,
        lambda: world.now,
        lambda: up_since,
        world.flush.before_leases_end,
    ).turn


def quiets(world: World) -> Turn:
    return QuietClock(world.quiets, lambda: world.now).turn


def silences(world: World) -> Turn:
    return SilenceClock(
        world.verdicts, world.journals, world.silences.current, lambda: world.now
    ).turn


def closing(world: World) -> Turn:
    return Closing(world.closing, lambda: world.now, 60 * MINUTE).turn


def retention(world: World) -> Turn:
    options = RetentionOptions(alerts=60 * MINUTE)
    return Retention(world.retention, lambda: world.now, options).turn


DUTIES = [leases, quiets, silences, closing, retention]


async def something_to_do(world: World) -> None:
    """For each of them, but not before the 30th minute."""
    await world.people.silence(world.tenant, silence('{alertname="Silenced"}', 60))
    await world.send(
        firing("Leased", lease=40), firing("Quiet"), firing("Silenced"), firing("Resolved"),
        resolved("Forgotten", ended=-1),
    )  # fmt: skip
    ticket = next(one for one in await world.all_tickets() if one["title"] == "Quiet")
    await world.people.step(world.tenant, ticket["id"], "cancelled", "anna", at(1), "", None)  # type: ignore[arg-type]
    await world.rows("UPDATE alerts SET quiet_until = $1 WHERE quiet_until IS NOT NULL", at(40))
    world.now = at(2)
    await world.send(resolved("Resolved", ended=2))


DONE = {
    "leases": "SELECT FROM alerts WHERE status = 'expired'",
    "quiets": "SELECT FROM tickets WHERE title = 'Quiet' AND status = 'open'",
    "silences": "SELECT FROM tickets WHERE title = 'Silenced'",
    "closing": "SELECT FROM tickets WHERE title = 'Resolved' AND status = 'closed'",
    "retention": "SELECT WHERE NOT EXISTS (SELECT FROM alerts WHERE episodes = 0)",
}


async def is_done(world: World, name: str) -> bool:
    world.now += MINUTE
    await world.ledger.heartbeat(world.journal, world.now)
    return bool(await world.rows(DONE[name]))
