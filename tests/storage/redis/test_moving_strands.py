"""What one process has confirmed of a strand is no repeat to one that ignores other labels."""

import json

from gateway.storage.redis.absorber import RedisAbsorber
from tests.world import World, at, firing


async def test_a_strand_moves_with_its_next_sighting_though_another_process_knows_it_well(
    database: str, absorber: RedisAbsorber
) -> None:
    one = World(database, journal="one", absorber=absorber)
    other = World(database, journal="other", ignore=["replica"], absorber=absorber)
    async with one, other:
        for second, world in enumerate([one, one, other, other, one]):
            world.now = at(second / 60)
            await world.send(firing(replica="a"))
            ignored = ["replica"] if world is one else []
            [fires] = await one.rows("SELECT * FROM alerts WHERE status = 'firing'")
            assert json.loads(fires["labels"]).keys() == {"alertname", *ignored}
        assert await one.occurrences() == 5
        assert [ticket["status"] for ticket in await one.all_tickets()] == ["open", "resolved"]
        assert len(await one.rows("SELECT * FROM strands")) == 1


async def test_what_was_held_of_an_alert_stays_with_its_ticket_when_the_strand_goes(
    database: str, absorber: RedisAbsorber
) -> None:
    one = World(database, journal="one", absorber=absorber)
    other = World(database, journal="other", ignore=["replica"], absorber=absorber)
    async with one, other:
        for second, world in enumerate([one, one, one, other]):
            world.now = at(second / 60)
            await world.send(firing(replica="a"))
        links = await one.rows("SELECT * FROM ticket_alerts ORDER BY joined_at")
        assert [link["occurrences_before"] for link in links] == [-3, 3]
        assert await one.occurrences() == 4
