"""Metrics say what stands: live tickets by priority, and alerts that fire."""

from prometheus_client import CollectorRegistry

from gateway.metrics import Metrics
from gateway.tickets.ticket import TicketStatus
from gateway.workers.census import Census
from tests.world import World, at, firing, resolved


async def test_live_tickets_and_firing_alerts_are_counted(database: str) -> None:
    metrics = Metrics(CollectorRegistry())

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"gateway_{name}", labels)

    async with World(database) as world:
        census = Census(world.census, metrics)
        await world.send(firing("A", severity="critical"), firing("B", severity="critical"))
        await world.send(firing("C"))
        assert not await census.turn()
        assert value("tickets_live", priority="critical") == 2
        assert value("tickets_live", priority="medium") == 1
        assert value("tickets_live", priority="low") == 0
        assert value("alerts_firing") == 3
        first = (await world.all_tickets())[0]
        await world.people.step(1, first["id"], TicketStatus.RESOLVED, "anna", at(1), "", None)
        world.now = at(1)
        await world.send(resolved("C", ended=1))
        await census.turn()
        assert value("tickets_live", priority="critical") == 1
        assert value("tickets_live", priority="medium") == 0
        assert value("alerts_firing") == 2
