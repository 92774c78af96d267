"""`/api/v1/silences`: make no noise for a while, and see before what that would hide."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

import msgspec
from aiohttp import web

from gateway.alerts.view import AlertFilter, AlertReader
from gateway.clock import Clock
from gateway.errors import FieldError, NotFound, Refused
from gateway.silences.book import SilenceBook
from gateway.silences.silence import Silence, SilenceState, checked_matchers
from gateway.silences.store import SilenceStore
from gateway.web import presented
from gateway.web.answers import json_answer
from gateway.web.auth import principal_of
from gateway.web.body import BodyReader
from gateway.web.forms import Form
from gateway.web.paging import page_parameters, query_parameters

PREVIEWED = 100
"""Alerts that a preview shows."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Comment = Annotated[str, msgspec.Meta(max_length=10_000)]


class NewSilence(Form, frozen=True):
    """Body of `POST /api/v1/silences`."""

    matchers: str
    ends_at: Moment
    starts_at: Moment | None = None
    """Absent: now."""
    author: Short = ""
    """Absent: who asks."""
    comment: Comment = ""


class EditedSilence(Form, frozen=True):
    """Body of `PATCH /api/v1/silences/{id}`: only what shall change."""

    matchers: str | msgspec.UnsetType = msgspec.UNSET
    starts_at: Moment | msgspec.UnsetType = msgspec.UNSET
    ends_at: Moment | msgspec.UnsetType = msgspec.UNSET
    author: Short | msgspec.UnsetType = msgspec.UNSET
    comment: Comment | msgspec.UnsetType = msgspec.UNSET


class Previewed(Form, frozen=True):
    """Body of `POST /api/v1/silences/preview`."""

    matchers: str


class SilenceHandlers:
    """People and silences."""

    def __init__(
        self,
        store: SilenceStore,
        alerts: AlertReader,
        book: SilenceBook,
        bodies: BodyReader,
        clock: Clock,
        longest: timedelta | None,
    ) -> None:
        self._store = store
        self._alerts = alerts
        self._book = book
        self._bodies = bodies
        self._clock = clock
        self._longest = longest

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get("/api/v1/silences", self.list, allow_head=False),
            web.post("/api/v1/silences", self.create),
            web.post("/api/v1/silences/preview", self.preview),
            web.get("/api/v1/silences/{id}", self.detail, allow_head=False),
            web.patch("/api/v1/silences/{id}", self.edit),
            web.delete("/api/v1/silences/{id}", self.end),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Newest first."""
        page = page_parameters(request, ("state",), tuple[datetime, str])
        now, tenant = self._clock(), principal_of(request).tenant
        state = _state(page.filters.one("state"))
        found = await self._store.page(tenant, state, now, page.after, page.fetch)
        return json_answer(
            page.answer(
                found,
                lambda silence: (silence.created_at, str(silence.id)),
                lambda silence: presented.silence(silence, now),
            )
        )

    async def detail(self, request: web.Request) -> web.Response:
        """One silence, ended ones too."""
        query_parameters(request, ())
        silence = await self._store.one(principal_of(request).tenant, _id_in(request))
        return json_answer(presented.silence(silence, self._clock()))

    async def create(self, request: web.Request) -> web.Response:
        """201 with Location; the gateway obeys it from then on."""
        form = await self._bodies.read_json(request, NewSilence)
        principal, now = principal_of(request), self._clock()
        silence = Silence(
            id=uuid4(),
            matchers=checked_matchers(form.matchers),
            starts_at=max(form.starts_at or now, now),
            ends_at=form.ends_at,
            author=form.author or principal.actor,
            comment=form.comment,
            created_at=now,
            updated_at=now,
        )
        self._check_times(silence, now)
        await self._store.create(principal.tenant, silence)
        location = f"/api/v1/silences/{silence.id}"
        return json_answer(
            presented.silence(silence, now), status=201, headers={"Location": location}
        )

    async def edit(self, request: web.Request) -> web.Response:
        """Change what is given; an ended silence stays ended."""
        form = await self._bodies.read_json(request, EditedSilence)
        principal, now = principal_of(request), self._clock()
        before = await self._store.one(principal.tenant, _id_in(request))
        changes: dict[str, object] = {
            name: value
            for name in ("starts_at", "ends_at", "author", "comment")
            if (value := getattr(form, name)) is not msgspec.UNSET
        }
        if isinstance(form.matchers, str):
            changes["matchers"] = checked_matchers(form.matchers)
        after = msgspec.structs.replace(before, **changes, updated_at=now)
        self._check_times(after, now)
        await self._store.replace(principal.tenant, after, principal.actor, now)
        return json_answer(presented.silence(after, now))

    async def end(self, request: web.Request) -> web.Response:
        """It ends now; what it held and still fires gets its ticket. Ending it again is fine."""
        query_parameters(request, ())
        principal, now = principal_of(request), self._clock()
        before = await self._store.one(principal.tenant, _id_in(request))
        if before.state(now) is not SilenceState.EXPIRED:
            starts_at = min(before.starts_at, now)
            after = msgspec.structs.replace(
                before, starts_at=starts_at, ends_at=now, updated_at=now
            )
            await self._store.replace(principal.tenant, after, principal.actor, now)
        return web.Response(status=204)

    async def preview(self, request: web.Request) -> web.Response:
        """The firing alerts that such a silence would hide now."""
        form = await self._bodies.read_json(request, Previewed)
        matchers = checked_matchers(form.matchers)
        tenant, now = principal_of(request).tenant, self._clock()
        narrowed = AlertFilter(status="firing", matchers=matchers)
        found = await self._alerts.page(tenant, narrowed, None, PREVIEWED + 1)
        silences = self._book.of(tenant)
        return json_answer(
            {
                "items": [presented.alert(one, silences, now) for one in found[:PREVIEWED]],
                "more": len(found) > PREVIEWED,
            }
        )

    def _check_times(self, silence: Silence, now: datetime) -> None:
        if silence.ends_at <= now:
            raise _bad("/ends_at", "is in the past")
        if silence.ends_at <= silence.starts_at:
            raise _bad("/ends_at", "must be after starts_at")
        longest = self._longest
        if longest is not None and silence.ends_at - silence.starts_at > longest:
            raise _bad("/ends_at", f"a silence may last {longest} at most")


def _bad(pointer: str, detail: str) -> Refused:
    return Refused(
        "the silence is not valid", code="invalid_silence", errors=(FieldError(pointer, detail),)
    )


def _id_in(request: web.Request) -> UUID:
    text = request.match_info["id"]
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"no silence {text}") from error


def _state(text: str | None) -> SilenceState | None:
    if text is None:
        return None
    try:
        return SilenceState(text)
    except ValueError as error:
        detail = "must be pending, active or expired"
        blame = (FieldError("/state", detail),)
        raise Refused(f"state {detail}", code="bad_parameter", errors=blame) from error
