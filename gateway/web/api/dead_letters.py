"""`/api/v1/dead-letters`: what was taken in and is in no alert, and another try for it."""

import re
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from gateway.access.permission import Permission
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
from gateway.logs import get_logger
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.endpoint import Endpoint, WebCall
from gateway.web.http.forms import Form, bad_field
from gateway.web.http.paging import PageForm, exactly, part_of
from gateway.web.openapi.parameters import ACTOR
from gateway.web.views.letters import SHOWN_BYTES, Replayed, ShownDeadLetter, show_letter
from gateway.web.views.page import Page
from gateway.web.views.words import Time, about

_logger = get_logger(__name__)

AGAIN_AT_MOST = 500
"""Letters tried by one request."""
_AT_ONCE = 20
_WHOLE = 2**30
_ID = re.compile(r"([0-9a-f]{32})\.(.{1,200})", re.DOTALL)

Digest = Annotated[str, exactly("[0-9a-f]{32}")]
Given = Annotated[str, msgspec.Meta(max_length=200)]


class LetterCursor(NamedTuple):
    """The last letter shown."""

    first_seen: Time
    source: str
    digest: Digest


class DeadLettersForm(PageForm, frozen=True):
    """What a list of dead letters is narrowed to."""

    source: str | None = None
    reason: Annotated[
        str | None,
        about(
            "A short word: `labels`, `time`, `shape` and others of one alert; `failed` and"
            " `storage` for what could not be worked out or stored; `poison` for what ended the"
            " gateway."
        ),
    ] = None


class DeadLetterChoice(Form, frozen=True):
    """Those named, or all of a source, a reason or both: one of the three must be given."""

    ids: Annotated[list[Given], msgspec.Meta(max_length=AGAIN_AT_MOST)] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    source: Given | msgspec.UnsetType = msgspec.UNSET
    reason: Given | msgspec.UnsetType = msgspec.UNSET


class DeadLetterHandlers:
    """People and dead letters."""

    def __init__(self, letters: LetterReader) -> None:
        self._letters = letters

    async def list(self, call: WebCall[DeadLettersForm]) -> Answer[Page[ShownDeadLetter]]:
        """What was taken in and is in no alert, newest first.

        Equal bytes refused for one reason are one letter with a count. Those that were taken in
        again are not listed.
        """
        part = part_of(call, LetterCursor)
        narrowed = LetterFilter(source=call.form.source, reason=call.form.reason)
        after = part.after and (
            part.after.first_seen, part.after.source, bytes.fromhex(part.after.digest)
        )  # fmt: skip
        found = await self._letters.page(call.tenant, narrowed, after, part.fetch, SHOWN_BYTES)
        return json_answer(part.page(found, _cursor, show_letter))


class ReplayHandlers:
    """Dead letters on their way back: needs a journal, so a process that takes alerts in."""

    def __init__(
        self, letters: LetterReader, checker: Checker, journal: Journal, clock: Clock
    ) -> None:
        self._letters = letters
        self._checker = checker
        self._journal = journal
        self._clock = clock

    async def replay(self, call: WebCall[DeadLetterChoice]) -> Answer[Replayed]:
        """Try dead letters again.

        Those named by `ids`, or all of a `source`, a `reason` or both; 500 at most at a time,
        newest first. What can be read now is taken in like a new delivery of its source; what fails
        again stays. A letter is taken in once, however often it is asked for. Served by processes
        of the roles `intake` and `api`.
        """
        narrowed, tenant = _narrowed(call.form), call.tenant
        taken = failed = 0
        after: LetterPosition | None = None
        while taken + failed < AGAIN_AT_MOST:
            found = await self._letters.page(tenant, narrowed, after, _AT_ONCE, _WHOLE)
            for letter in found:
                is_taken = await self._take(tenant, letter)
                taken, failed = taken + is_taken, failed + (not is_taken)
                after = letter.position
            if len(found) < _AT_ONCE:
                break
        _logger.info(
            "dead letters were tried again",
            actor=call.principal.actor,
            taken=taken,
            failed=failed,
        )
        more = taken + failed >= AGAIN_AT_MOST
        return json_answer(Replayed(taken=taken, failed=failed, more=more))

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
            _logger.exception("a dead letter still fails", source=letter.source)
            return None


def _narrowed(form: DeadLetterChoice) -> LetterFilter:
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


def _cursor(letter: LetterView) -> LetterCursor:
    return LetterCursor(letter.first_seen, letter.source, letter.digest.hex())


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/dead-letters", Permission.DEAD_LETTERS_READ, DeadLettersForm,
        Page[ShownDeadLetter], DeadLetterHandlers.list, "listDeadLetters", ("operations",),
        {200: "One page"},
    ),
)  # fmt: skip

REPLAY_ENDPOINTS = (
    Endpoint(
        "POST", "/api/v1/dead-letters/replay", Permission.DEAD_LETTERS_REPLAY, DeadLetterChoice,
        Replayed, ReplayHandlers.replay, "replayDeadLetters", ("operations",), {200: "Tried"},
        asks=(ACTOR,),
    ),
)  # fmt: skip
