"""What a new field of a ticket costs: four edits, tried on a copy of the sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
STORAGE = "gateway/storage/postgres"
AFTER = {
    f"{STORAGE}/kernel/tables.py": {'    "tickets",\n': "    room=_Optional(Text),\n"},
    "gateway/tickets/ticket.py": {'    assignee_group: str = ""\n': '    room: str = ""\n'},
    "gateway/web/views/ticket.py": {
        "    assignee_group: str\n": "    room: str\n",
        "        assignee_group=one.assignee_group,\n": "        room=one.room,\n",
    },
}
"""By file: a line that is there, and the one that comes after it."""

PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime

import msgspec

import gateway
from gateway.alerts.severity import Severity
from gateway.storage.postgres.kernel.connect import create_engine
from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.schema.migrate import migrate
from gateway.storage.postgres.kernel.rows import TICKETS
from gateway.storage.postgres.queries.tickets import TicketQueries
from gateway.tickets.ticket import Ticket
from gateway.web.views.ticket import show_ticket

ANNA = Principal(1, "local:anna", Role.ADMIN)


async def main(url, copy):
    assert gateway.__file__.startswith(copy), gateway.__file__
    await migrate(url, progress=print)
    database, now = Database(create_engine(url)), datetime(2026, 1, 1, tzinfo=UTC)

    async def shown():
        return show_ticket(await TicketQueries(database).one(ANNA, "tk", 1)).room

    ticket = Ticket(id="tk", number=1, title="Hot", priority=Severity.LOW, requester="anna",
                    created_at=now, updated_at=now, room="kitchen")
    async with database.tenant(1) as transaction:
        await transaction.driver.execute(*TICKETS.insert(1, [ticket]))
    assert await shown() == "kitchen"
    async with database.tenant(1) as transaction:
        (row,) = await transaction.driver.fetch(*TICKETS.lock(1, ["tk"]))
        assert TICKETS.read(row) == ticket
        moved = msgspec.structs.replace(ticket, room="cellar")
        await transaction.driver.execute(*TICKETS.update(1, [moved]))
    assert await shown() == "cellar"
    await database.engine.dispose()


asyncio.run(main(*sys.argv[1:]))
"""


def test_a_new_field_of_a_ticket_is_four_edits(database: str, tmp_path: Path) -> None:
    for package in ("gateway", "matchers"):
        shutil.copytree(ROOT / package, tmp_path / package)
    migration = tmp_path / STORAGE / "migrations" / "9999_rooms.sql"
    migration.write_text("ALTER TABLE tickets ADD COLUMN room text NOT NULL DEFAULT '';\n")
    for name, edits in AFTER.items():
        text = (tmp_path / name).read_text()
        for line, new in edits.items():
            assert text.count(line) == 1, f"{name}: the line to edit after"
            text = text.replace(line, line + new)
        (tmp_path / name).write_text(text)
    tried = subprocess.run(
        [sys.executable, "-c", PROGRAM, database, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert tried.returncode == 0, tried.stderr
    assert len(AFTER) + 1 == 4
