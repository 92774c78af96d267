"""Counts of live tickets are remembered for five seconds, each tenant's for itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.storage.postgres.queries.ticket_counts import TicketCountQueries
from gateway.tickets.view import CountedBy
from tests.world import World, firing

ADMIN = Principal(1, "u_admin", Role.ADMIN)
STATUS = CountedBy.STATUS


async def test_a_count_is_remembered_for_five_seconds(database: str) -> None:
    async with World(database) as world:
        counts = TicketCountQueries(world.database, lambda: world.now)
        assert await counts.live(ADMIN, STATUS) == {}
        await world.send(firing())
        world.now += timedelta(seconds=4.9)
        assert await counts.live(ADMIN, STATUS) == {}
        world.now += timedelta(seconds=0.1)
        assert await counts.live(ADMIN, STATUS) == {"open": 1}
        assert await counts.live(ADMIN, CountedBy.PROJECT) == {"": 1}


async def test_a_clock_set_back_keeps_no_count_for_longer(database: str) -> None:
    async with World(database) as world:
        counts = TicketCountQueries(world.database, lambda: world.now)
        assert await counts.live(ADMIN, STATUS) == {}
        await world.send(firing())
        world.now -= timedelta(hours=1)
        assert await counts.live(ADMIN, STATUS) == {"open": 1}


async def test_tenants_do_not_see_each_others_counts_and_many_who_ask_count_once(
    database: str,
) -> None:
    async with World(database) as world:
        await world.rows("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
        await world.send(firing())
        counts = TicketCountQueries(world.database, lambda: world.now)
        found = await asyncio.gather(
            *(counts.live(replace(ADMIN, tenant=1 + n % 2), STATUS) for n in range(50))
        )
        assert found[::2] == [{"open": 1}] * 25
        assert found[1::2] == [{}] * 25
        assert all(one is found[0] for one in found[::2])
