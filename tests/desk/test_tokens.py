"""Tokens: whose they are, who makes and revokes them, and where their secret is."""

from datetime import timedelta

import pytest

from gateway.access.token import presented
from gateway.desk.token import CreateToken, RevokeToken
from gateway.desk.user import EditUser
from gateway.errors import Conflict, Forbidden, NotFound, Refused
from gateway.storage.postgres.queries.audit import broken_histories
from gateway.storage.postgres.queries.people import TokenQueries
from tests.desk.office import Office, as_user
from tests.world import START, World


async def test_what_is_presented_is_what_is_kept_and_history_knows_neither(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna = await office.add("anna", "operator")
        made = await office.token(user="@anna")
        shown = presented(made.text)
        assert shown is not None
        assert (shown.id, shown.digest) == (made.token.id, made.token.hash)
        assert (made.token.user_id, made.token.role) == (anna.user.id, "")
        assert await office.entries(made.token.id) == [
            ("status", None, "active"), ("user", None, anna.user.id),
        ]  # fmt: skip
        await office.do(RevokeToken(token_id=made.token.id))
        await office.do(RevokeToken(token_id=made.token.id))
        assert (await office.entries(made.token.id))[2:] == [("status", "active", "revoked")]
        assert await broken_histories(world.database, 1) == []


async def test_the_text_of_a_token_is_given_once_and_kept_under_no_key(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        command = CreateToken(name="prom", role="sender")
        first = await office.do(command, key="k-1")
        again = await office.do(command, key="k-1")
        assert first.text.startswith("agw_t_")
        assert (again.token.id, again.text) == (first.token.id, "")
        assert len(await world.rows("SELECT * FROM tokens")) == 1
        kept = (await world.rows("SELECT answer FROM idempotency"))[0]["answer"]
        assert first.text[15:50].encode() not in kept
        assert first.token.hash not in kept


async def test_everybody_has_their_own_tokens_and_nobody_elses(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        anna, bob = await office.add("anna", "auditor"), await office.add("bob", "operator")
        mine = await office.token(as_user(anna), user=anna.user.id)
        for order in ({"user": "@bob"}, {"user": "@nobody"}, {"role": "auditor"}):
            with pytest.raises(Forbidden):
                await office.token(as_user(anna), **order)
        for key in (mine.token.id, "t_00000000"):
            with pytest.raises(NotFound) as missing:
                await office.do(RevokeToken(token_id=key), as_user(bob))
            assert missing.value.detail == f"no token {key}"
        gone = await office.do(RevokeToken(token_id=mine.token.id), as_user(anna))
        assert gone.revoked_at is not None
        of_bob = await office.token(user="@bob")
        await office.do(RevokeToken(token_id=of_bob.token.id))
        tokens = TokenQueries(world.database)
        assert [one.id for one in await tokens.page(1, anna.user.id, None, 9)] == [mine.token.id]
        assert await tokens.page(1, "", None, 9) == []


async def test_only_a_senders_token_makes_books_of_senders_old(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        await office.add("anna")
        before = await office.senders_version()
        of_anna = await office.token(user="@anna")
        await office.token(role="operator")
        await office.do(RevokeToken(token_id=of_anna.token.id))
        assert await office.senders_version() == before
        sender = await office.token(role="sender", source="prometheus")
        assert await office.senders_version() == before + 1
        await office.do(RevokeToken(token_id=sender.token.id))
        assert await office.senders_version() == before + 2


async def test_who_is_disabled_is_given_no_token(database: str) -> None:
    async with World(database) as world:
        office = Office(world)
        await office.add("anna")
        await office.do(EditUser(user="@anna", disabled=True))
        with pytest.raises(Conflict) as refused:
            await office.token(user="@anna")
        assert refused.value.code == "user_disabled"


@pytest.mark.parametrize(
    ("order", "pointer"),
    [
        ({}, "/role"),
        ({"user": "@anna", "role": "operator"}, "/role"),
        ({"role": "system"}, "/role"),
        ({"role": "operator", "source": "prometheus"}, "/source"),
        ({"user": "@anna", "source": "prometheus"}, "/source"),
        ({"role": "sender", "expires_at": START - timedelta(days=9)}, "/expires_at"),
    ],
)
async def test_what_no_token_can_be_is_refused_with_its_field(
    database: str, order: dict[str, str], pointer: str
) -> None:
    async with World(database) as world:
        office = Office(world)
        await office.add("anna")
        with pytest.raises(Refused) as refused:
            await office.token(**order)
        assert refused.value.errors[0].pointer == pointer
