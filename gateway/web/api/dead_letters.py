"""`/api/v1/dead-letters`: what was taken in and is in no alert, and another try for it."""

import logging
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
from aiohttp import web

from gateway.clock import Clock
from gateway.intake.delivery.checker import Checked, Checker
from gateway.intake.delivery.letters import (
    LetterFilter,
    LetterKey,
    LetterPosition,
    LetterReader,
    LetterView,
    read_letter,
)
from gateway.intake.journal import Journal
from gateway.web.http.answers import json_answer
from gateway.web.http.auth import principal_of
from gateway.web.http.body import BodyReader
from gateway.web.http.forms import Form, Moment, bad_field
from gateway.web.http.paging import exactly, page_parameters, query_parameters

log = logging.getLogger(__name__)

SHOWN_BYTES = 16_384
"""Of each letter in a list."""
AGAIN_AT_MOST = 500
"""Letters tried by one request."""
_AT_ONCE = 20
_WHOLE = 2**30
_ID = re.compile(r"([0-9a-f]{32})\.(.{1,200})", re.DOTALL)

Digest = Annotated[str, exactly("[0-9a-f]{32}")]
Name = Annotated[str, msgspec.Meta(max_length=200)]


class Cursor(NamedTuple):
    """The last letter shown."""

    first_seen: Moment
    source: str
    digest: Digest


class Again(Form, frozen=True):
    """Body of `POST /api/v1/dead-letters/replay`: those named, or all of a source or reason."""

    ids: Annotated[list[Name], msgspec.Meta(max_length=AGAIN_AT_MOST)] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    source: Name | msgspec.UnsetType = msgspec.UNSET
    reason: Name | msgspec.UnsetType = msgspec.UNSET


class DeadLetterHandlers:
    """People and dead letters."""

    def __init__(self, letters: LetterReader) -> None:
        self._letters = letters

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.get("/api/v1/dead-letters", self.list, allow_head=False)]

    async def list(self, request: web.Request) -> web.Response:
        """Those that wait, newest first."""
        page = page_parameters(request, ("source", "reason"), Cursor)
        narrowed = LetterFilter(
            source=page.filters.one("source"), reason=page.filters.one("reason")
        )
        after = page.after and (
            page.after.first_seen, page.after.source, bytes.fromhex(page.after.digest)
        )  # fmt: skip
        tenant = principal_of(request).tenant
        found = await self._letters.page(tenant, narrowed, after, page.fetch, SHOWN_BYTES)
        return json_answer(page.answer(found, _cursor, _presented))


class ReplayHandlers:
    """Dead letters on their way back: needs a journal, so a process that takes alerts in."""

    def __init__(
        self,
        letters: LetterReader,
        checker: Checker,
        journal: Journal,
        bodies: BodyReader,
        clock: Clock,
    ) -> None:
        self._letters = letters
        self._checker = checker
        self._journal = journal
        self._bodies = bodies
        self._clock = clock

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.post("/api/v1/dead-letters/replay", self.replay)]

    async def replay(self, request: web.Request) -> web.Response:
        """How many were taken in like a new delivery, and how many stay since they fail again."""
        query_parameters(request, ())
        narrowed = _narrowed(await self._bodies.read_json(request, Again))
        principal = principal_of(request)
        taken = failed = 0
        after: LetterPosition | None = None
        while taken + failed < AGAIN_AT_MOST:
            found = await self._letters.page(principal.tenant, narrowed, after, _AT_ONCE, _WHOLE)
            for letter in found:
                is_taken = await self._take(principal.tenant, letter)
                taken, failed = taken + is_taken, failed + (not is_taken)
                after = letter.position
            if len(found) < _AT_ONCE:
                break
        log.info(
            "dead letters were tried again",
            extra={"actor": principal.actor, "taken": taken, "failed": failed},
        )
        more = taken + failed >= AGAIN_AT_MOST
        return json_answer({"taken": taken, "failed": failed, "more": more})

    async def _take(self, tenant: int, letter: LetterView) -> bool:
        now = self._clock()
        checked = self._read(tenant, letter, now)
        if checked is None:
            return False
        await self._journal.append(
            now, tenant, letter.source, letter.raw, checked, len(checked.sightings), letter.digest
        )
        return True

    def _read(self, tenant: int, letter: LetterView, now: datetime) -> Checked | None:
        try:
            return read_letter(self._checker, letter.source, tenant, letter.raw, now)
        except Exception:
            log.exception("a dead letter still fails", extra={"source": letter.source})
            return None


def _narrowed(form: Again) -> LetterFilter:
    source = form.source if isinstance(form.source, str) else None
    reason = form.reason if isinstance(form.reason, str) else None
    if form.ids is msgspec.UNSET:
        if source is None and reason is None:
            raise bad_field("", "needs ids, a source or a reason")
        return LetterFilter(None, source, reason)
    return LetterFilter([_key(at, text) for at, text in enumerate(form.ids)], source, reason)


def _key(at: int, text: str) -> LetterKey:
    match = _ID.fullmatch(text)
    if match is None:
        raise bad_field(f"/ids/{at}", "is no id of a dead letter")
    return match[2], bytes.fromhex(match[1])


def _cursor(letter: LetterView) -> Cursor:
    return Cursor(letter.first_seen, letter.source, letter.digest.hex())


def _presented(letter: LetterView) -> dict[str, object]:
    return {
        "id": f"{letter.digest.hex()}.{letter.source}",
        "source": letter.source,
        "reason": letter.reason,
        "error": letter.error,
        "count": letter.count,
        "raw": letter.raw.decode("utf-8", "replace"),
        "raw_bytes": letter.raw_bytes,
        "batch": letter.batch,
        "first_seen": letter.first_seen,
        "last_seen": letter.last_seen,
    }
