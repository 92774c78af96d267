"""The book of senders' tokens: current while PostgreSQL is there, remembered while it is not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from gateway.access.book import SendersBook
from gateway.access.token import Presented, presented
from gateway.access.uses import TokenUses
from gateway.errors import Unavailable
from gateway.storage.postgres.access.senders import PostgresSenders, SendersFile
from gateway.storage.postgres.access.uses import PostgresUses
from gateway.storage.postgres.kernel.clock import asking_as
from gateway.storage.postgres.kernel.connect import create_engine
from gateway.storage.postgres.kernel.database import Database
from tests.callers import Callers, token_id

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOWHERE = "postgresql:///gateway?host=/nonexistent"


@pytest.fixture
def callers(owner: asyncpg.Connection) -> Callers:
    return Callers(owner)


@pytest.fixture
async def storage(database: str) -> AsyncIterator[Database]:
    engine = create_engine(database)
    yield Database(engine)
    await engine.dispose()


def shown(text: str) -> Presented:
    one = presented(text)
    assert one is not None
    return one


async def test_a_new_sender_is_known_after_a_turn_and_a_revoked_one_no_longer(
    callers: Callers, storage: Database, tmp_path: Path
) -> None:
    await callers.tenant(2, "two")
    book, file = SendersBook(), SendersFile(tmp_path / "tokens")
    senders = PostgresSenders(storage, book, file)
    await senders.turn()
    token = await callers.token(role="sender", tenant=2, source="n9e")
    assert book.find(shown(token)) is None
    await senders.turn()
    known = book.find(shown(token))
    assert known is not None
    assert (known.tenant, known.source, known.id) == (2, "n9e", token_id(token))
    await callers.revoke(token)
    await senders.turn()
    assert book.find(shown(token)) is None
    assert SendersBook(file.read()).find(shown(token)) is None


async def test_nothing_is_read_while_no_version_has_moved(
    callers: Callers, storage: Database, tmp_path: Path
) -> None:
    await callers.token(role="sender")
    file = SendersFile(tmp_path / "tokens")
    senders = PostgresSenders(storage, SendersBook(), file)
    await senders.turn()
    (tmp_path / "tokens").unlink()
    await senders.turn()
    assert file.read() == ()


async def test_the_book_holds_senders_and_nobody_else(
    callers: Callers, storage: Database, tmp_path: Path
) -> None:
    admin = await callers.token(role="admin")
    person = await callers.of("anna", "sender")
    book = SendersBook()
    await PostgresSenders(storage, book, SendersFile(tmp_path / "tokens")).turn()
    assert book.find(shown(admin)) is None
    assert book.find(shown(person)) is None


async def test_the_file_is_closed_to_others_and_holds_no_secret(
    callers: Callers, storage: Database, tmp_path: Path
) -> None:
    token = await callers.token(role="sender", expires_at=NOON)
    path = tmp_path / "tokens"
    await PostgresSenders(storage, SendersBook(), SendersFile(path)).turn()
    assert path.stat().st_mode & 0o777 == 0o600
    assert token.rpartition("_")[2] not in path.read_text()
    known = SendersBook(SendersFile(path).read()).find(shown(token))
    assert known is not None
    assert known.expires_at == NOON


@pytest.mark.parametrize("text", ["", "[", '{"id": 1}', '[{"id": "t_x"}]', "\xff"])
def test_a_file_that_cannot_be_read_is_an_empty_book(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(text, "latin-1")
    assert SendersFile(path).read() == ()


async def test_while_postgresql_is_away_the_book_stays_as_it_is(
    callers: Callers, storage: Database, tmp_path: Path
) -> None:
    token, book = await callers.token(role="sender"), SendersBook()
    file = SendersFile(tmp_path / "tokens")
    await PostgresSenders(storage, book, file).turn()
    away = create_engine(NOWHERE)
    with pytest.raises(Unavailable):
        await PostgresSenders(Database(away), book, file).turn()
    assert book.find(shown(token)) is not None
    assert SendersBook(file.read()).find(shown(token)) is not None
    await away.dispose()


async def test_the_door_sees_what_it_needs_of_senders_and_no_more(
    callers: Callers, storage: Database
) -> None:
    sender, _ = await callers.token(role="sender"), await callers.token(role="admin")
    async with asking_as("door", storage) as driver:
        rows = await driver.fetch("SELECT id FROM tokens")
        assert [row["id"] for row in rows] == [token_id(sender)]
    for question in (
        "SELECT name FROM tokens", "SELECT created_by FROM tokens", "SELECT * FROM users",
        "SELECT * FROM tenants", "SELECT seed FROM installation", "SELECT * FROM tickets",
        "UPDATE tokens SET role = 'admin'", "DELETE FROM tokens",
    ):  # fmt: skip
        with pytest.raises(Unavailable):
            async with asking_as("door", storage) as driver:
                await driver.execute(question)


async def test_uses_are_written_later_and_never_go_back(
    callers: Callers, storage: Database
) -> None:
    token = await callers.token(role="sender")
    uses, early = TokenUses(), NOON.replace(hour=1)
    for moment in (early, NOON):
        uses.note(1, token_id(token), moment)
    await PostgresUses(storage, uses).turn()
    uses.note(1, token_id(token), early)
    await PostgresUses(storage, uses).turn()
    assert await callers.connection.fetchval("SELECT last_used_at FROM tokens") == NOON


async def test_uses_that_cannot_be_written_are_noted_on() -> None:
    uses, away = TokenUses(), create_engine(NOWHERE)
    uses.note(1, "t_one", NOON)
    with pytest.raises(Unavailable):
        await PostgresUses(Database(away), uses).turn()
    assert uses.take() == {(1, "t_one"): NOON}
    await away.dispose()
