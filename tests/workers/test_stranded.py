"""Tickets in states that their workflow has not are counted, before and after it is so."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from gateway.cli.workflow import say_stranded
from gateway.config import load
from gateway.metrics import Metrics
from gateway.storage.postgres.duties.stranded import PostgresStranded
from gateway.workers.stranded import StrandedCount
from tests.world import World, firing

_ACME = "INSERT INTO tenants (tenant_id, name) VALUES (7, 'acme')"
_GO = "UPDATE tickets SET workflow = $2, state = $3 WHERE title = $1"
OWN = """
[[workflows]]
name = "own"
states = [{name = "first", status = "open"}]
start = "first"
transitions = [
  {from = "first", to = "resolved", role = "operator"},
  {from = "resolved", to = "closed", role = "operator"},
  {from = "resolved", to = "first", role = "any"},
]
"""


async def test_live_tickets_in_states_that_their_workflow_has_not_are_counted_by_workflow(
    database: str,
) -> None:
    metrics = Metrics(CollectorRegistry())

    def value(workflow: str) -> float | None:
        labels = {"workflow": workflow}
        return metrics.registry.get_sample_value("gateway_tickets_stranded", labels)

    async with World(database) as world, World(database, tenant=7, journal="other") as other:
        await world.rows(_ACME)
        await world.send(firing("A"), firing("B"), firing("C"))
        await other.send(firing("D"))
        await world.rows(_GO, "A", "change", "gone")
        await world.rows(_GO, "B", "change", "draft")
        await world.rows(_GO, "D", "change", "gone")
        await world.rows(_GO, "C", "never_declared", None)
        count = StrandedCount(PostgresStranded(world.database), metrics)
        assert not await count.turn()
        assert (value("change"), value("never_declared"), value("default")) == (2, 1, None)
        await world.rows("UPDATE tickets SET status = 'closed' WHERE title IN ('A', 'D')")
        await count.turn()
        assert (value("change"), value("never_declared")) == (0, 1)


async def test_check_config_counts_those_that_a_configuration_would_strand_tenant_by_tenant(
    database: str, tmp_path: Path
) -> None:
    path, said = tmp_path / "gateway.toml", list[str]()
    path.write_text(f'data_dir = "data"\n[postgres]\nurl = "{database}"\n{OWN}')
    async with World(database) as world, World(database, tenant=7, journal="other") as other:
        await world.rows(_ACME)
        await world.send(firing("A"), firing("B"))
        await other.send(firing("C"))
        for title, state in (("A", "first"), ("B", "second"), ("C", "second")):
            await world.rows(_GO, title, "own", state)
        await say_stranded(load(path), said.append)
        found = [line.split(" of its ")[0] for line in said if line.startswith("Warning")]
        assert found == [
            f"Warning: tenant {tenant}, workflow own: 1" for tenant in ("default", "acme")
        ]
        said.clear()
        await world.rows("UPDATE tickets SET state = 'first'")
        await say_stranded(load(path), said.append)
        assert said[-1] == "Every live ticket is in a state of its workflow."
