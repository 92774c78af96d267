"""`/api/v1/silences`: make no noise for a while, and see before what that would hide."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from aiohttp import web

from gateway.alerts.view import AlertFilter, AlertReader, AlertView
from gateway.changes.command import Command
from gateway.changes.perform import Answer, Perform
from gateway.clock import Clock
from gateway.desk.silence import BeginSilence, EditSilence, EndSilence
from gateway.errors import FieldError, NotFound, Refused
from gateway.silences.book import TenantSilences
from gateway.silences.silence import (
    SilenceState,
    checked_matchers,
)
from gateway.silences.store import SilenceStore
from gateway.web import views
from gateway.web.http.answers import json_answer
from gateway.web.http.auth import principal_of
from gateway.web.http.body import BodyReader
from gateway.web.http.conditions import idempotency_key
from gateway.web.http.forms import Form, Moment, in_utc
from gateway.web.http.paging import exactly, page_parameters, query_parameters
from matchers import Matcher

PREVIEWED = 100
"""Alerts that a preview shows."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MatchersText = Annotated[
    str, msgspec.Meta(examples=['{instance="db1", severity=~"critical|high"}'])
]
Short = Annotated[str, msgspec.Meta(max_length=200)]
_Comment = Annotated[str, msgspec.Meta(max_length=10_000)]


class Cursor(NamedTuple):
    """The last silence shown."""

    created_at: Moment
    id: Annotated[str, exactly(_UUID)]


class NewSilence(Form, frozen=True):
    """Body of `POST /api/v1/silences`."""

    matchers: MatchersText
    ends_at: Moment
    starts_at: Moment | None = None
    """Absent: now."""
    author: Short = ""
    """Absent: who asks."""
    comment: _Comment = ""


class EditedSilence(Form, frozen=True):
    """Body of `PATCH /api/v1/silences/{id}`: only what shall change."""

    matchers: MatchersText | msgspec.UnsetType = msgspec.UNSET
    starts_at: Moment | msgspec.UnsetType = msgspec.UNSET
    ends_at: Moment | msgspec.UnsetType = msgspec.UNSET
    author: Short | msgspec.UnsetType = msgspec.UNSET
    comment: _Comment | msgspec.UnsetType = msgspec.UNSET


class Previewed(Form, frozen=True):
    """Body of `POST /api/v1/silences/preview`."""

    matchers: MatchersText


class SilenceHandlers:
    """People and silences."""

    def __init__(
        self,
        store: SilenceStore,
        perform: Perform,
        alerts: AlertReader,
        bodies: BodyReader,
        clock: Clock,
        longest: timedelta | None,
    ) -> None:
        self._store = store
        self._perform = perform
        self._alerts = alerts
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
        page = page_parameters(request, ("state",), Cursor)
        now, tenant = self._clock(), principal_of(request).tenant
        state = _state(page.filters.one("state"))
        found = await self._store.page(tenant, state, now, page.after, page.fetch)
        return json_answer(
            page.answer(
                found,
                lambda silence: Cursor(silence.created_at, str(silence.id)),
                lambda silence: views.silence(silence, now),
            )
        )

    async def detail(self, request: web.Request) -> web.Response:
        """One silence, ended ones too."""
        query_parameters(request, ())
        silence = await self._store.one(principal_of(request).tenant, _id_in(request))
        return json_answer(views.silence(silence, self._clock()))

    async def create(self, request: web.Request) -> web.Response:
        """201 with Location; the gateway obeys it from then on."""
        query_parameters(request, ())
        form = await self._bodies.read_json(request, NewSilence)
        begins = None if form.starts_at is None else in_utc(form.starts_at, "/starts_at")
        command = BeginSilence(
            matchers=form.matchers,
            starts_at=begins,
            ends_at=in_utc(form.ends_at, "/ends_at"),
            author=form.author,
            comment=form.comment,
            longest=self._longest,
        )
        silence = await self._done(request, command)
        location = f"/api/v1/silences/{silence.id}"
        return json_answer(
            views.silence(silence, self._clock()), status=201, headers={"Location": location}
        )

    async def edit(self, request: web.Request) -> web.Response:
        """Change what is given; an ended silence stays ended."""
        query_parameters(request, ())
        changes = _changes_in(await self._bodies.read_json(request, EditedSilence))
        command = EditSilence(silence_id=_id_in(request), longest=self._longest, **changes)
        return json_answer(views.silence(await self._done(request, command), self._clock()))

    async def end(self, request: web.Request) -> web.Response:
        """It ends now; what it held and still fires gets its ticket. Ending it again is fine."""
        query_parameters(request, ())
        await self._done(request, EndSilence(silence_id=_id_in(request)))
        return web.Response(status=204)

    async def _done(self, request: web.Request, command: Command[Any, Answer]) -> Answer:
        return await self._perform(command, principal_of(request), idempotency_key(request))

    async def preview(self, request: web.Request) -> web.Response:
        """The firing alerts of which such a silence would hide a strand now, or all of them."""
        query_parameters(request, ())
        form = await self._bodies.read_json(request, Previewed)
        matchers = checked_matchers(form.matchers)
        tenant, now = principal_of(request).tenant, self._clock()
        narrowed = AlertFilter(status="firing", strand_matchers=matchers)
        found = await self._alerts.page(tenant, narrowed, None, PREVIEWED + 1)
        silences = await self._store.current(tenant, now)
        items = [
            views.alert(one, silences, now)
            | {"would_hide": _would_hide(matchers, one, silences, now)}
            for one in found[:PREVIEWED]
        ]
        return json_answer({"items": items, "more": len(found) > PREVIEWED})


def _changes_in(form: EditedSilence) -> dict[str, Any]:
    """What is given, by its name in Silence."""
    changes: dict[str, Any] = {}
    for name in ("matchers", "starts_at", "ends_at", "author", "comment"):
        value = getattr(form, name)
        if value is not msgspec.UNSET:
            changes[name] = in_utc(value, f"/{name}") if name.endswith("_at") else value
    return changes


def _would_hide(
    matchers: Sequence[Matcher], view: AlertView, silences: TenantSilences, now: datetime
) -> bool:
    """An alert is silenced when all its firing strands are, by this silence or another."""
    return all(
        all(matcher.matches(strand.labels) for matcher in matchers)
        or silences.active_ids(dict(strand.labels), now)
        for strand in view.strands
        if strand.fires
    )


def _id_in(request: web.Request) -> UUID:
    """From the path; what cannot be one is simply not found."""
    text = request.match_info["id"]
    if not re.fullmatch(_UUID, text):
        raise NotFound(f"no silence {text}")
    return UUID(text)


def _state(text: str | None) -> SilenceState | None:
    if text is None:
        return None
    try:
        return SilenceState(text)
    except ValueError as error:
        detail = "must be pending, active or expired"
        blame = (FieldError("/state", detail),)
        raise Refused(f"state {detail}", code="bad_parameter", errors=blame) from error
