"""Requests under a key: the first is done, and the others are given its answer."""

from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import select

from gateway.access.principal import Principal
from gateway.changes.command import Command
from gateway.changes.perform import KeyReused
from gateway.comments.comment import Comment
from gateway.comments.mentions import with_unreached
from gateway.people.person import Person
from gateway.people.roster import Roster
from gateway.people.token import NewToken, Token
from gateway.silences.silence import Silence
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.kernel.people.load import load_people, read_person, read_token
from gateway.storage.postgres.kernel.rows import COMMENTS
from gateway.storage.postgres.kernel.tables import comments
from gateway.storage.postgres.statements import load
from matchers import parse, render

SQL = load("kernel")
_Place = tuple[str, ...]
_PLACED = (Comment, Person, Token, NewToken)
"""Of these the key keeps their place alone, and they are read anew: what was taken back, who was
erased, and the text of a token are kept nowhere else.
"""


class Kept:
    """What is kept of one request; nothing if it has no key."""

    def __init__(
        self, transaction: Transaction, by: Principal, key: str | None, command: Command[Any, Any]
    ) -> None:
        self._transaction = transaction
        self._place = transaction.tenant, by.actor, key
        self._keyed = key is not None
        self._command = command

    async def known(self) -> tuple[Any] | None:
        """The answer of a request that was done; None: it is to be done. One that is being done
        just now is waited for. Raises Refused for another request under the key.
        """
        if not self._keyed:
            return None
        driver, name = self._transaction.driver, type(self._command).__name__
        digest = sha256(msgspec.msgpack.encode(self._command)).digest()
        if await driver.fetchval(SQL["take_key"], *self._place, name, digest):
            return None
        row = await driver.fetchrow(SQL["kept"], *self._place)
        if (row["command"], row["request_hash"]) != (name, digest):
            raise KeyReused("this Idempotency-Key was used for another request")
        answers = self._command.answers
        if answers not in _PLACED:
            return (_decoded(row["answer"], answers),)
        place = msgspec.msgpack.decode(row["answer"], type=_Place)
        return (await _read(self._transaction, answers, place),)

    async def keep(self, answer: Any) -> None:
        """In the transaction that did it: what fails leaves the key unused."""
        if self._keyed:
            encoded = _encoded(answer)
            await self._transaction.driver.execute(SQL["keep"], *self._place, encoded)


_PlainSilence = msgspec.defstruct(
    "_PlainSilence",
    [
        (one.name, str if one.name == "matchers" else one.type)
        for one in msgspec.structs.fields(Silence)
    ],
    kw_only=True,
)
"""A silence with its matchers as text."""


async def read_comment(transaction: Transaction, ticket: str, key: str) -> Comment | None:
    """As it is now."""
    query = select(*COMMENTS.selected()).where(
        comments.c.tenant_id == transaction.tenant,
        comments.c.ticket_id == ticket,
        comments.c.id == key,
    )
    found = (await transaction.connection.execute(query)).first()
    return None if found is None else COMMENTS.read(found._mapping)


async def _read(transaction: Transaction, kind: type, place: _Place) -> Any:
    """As it is now; of a new token all but its text."""
    driver, tenant, key = transaction.driver, transaction.tenant, place[-1]
    if kind is Person:
        return await read_person(driver, tenant, key)
    if kind is Comment:
        return await _read_as_author(transaction, *place)
    token = await read_token(driver, tenant, key)
    return token if kind is Token or token is None else NewToken(token=token)


async def _read_as_author(transaction: Transaction, ticket: str, key: str) -> Comment | None:
    comment, roster = await read_comment(transaction, ticket, key), Roster()
    if comment is None:
        return None
    await load_people(transaction.driver, transaction.tenant, roster, comment.mentions)
    return with_unreached(comment, roster)


def _place_of(answer: Any) -> _Place:
    match answer:
        case Comment():
            return answer.ticket_id, answer.id
        case Person():
            return (answer.user.id,)
        case NewToken():
            return (answer.token.id,)
        case _:
            return (answer.id,)


def _encoded(answer: Any) -> bytes:
    if isinstance(answer, _PLACED):
        return msgspec.msgpack.encode(_place_of(answer))
    if isinstance(answer, Silence):
        values = {**msgspec.structs.asdict(answer), "matchers": render(answer.matchers)}
        return msgspec.msgpack.encode(_PlainSilence(**values))
    return msgspec.msgpack.encode(answer)


def _decoded(kept: bytes, kind: Any) -> Any:
    if kind is not Silence:
        return msgspec.msgpack.decode(kept, type=kind)
    values = msgspec.structs.asdict(msgspec.msgpack.decode(kept, type=_PlainSilence))
    return Silence(**{**values, "matchers": parse(values["matchers"])})
