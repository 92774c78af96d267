"""`/api/v1/silences`: make no noise for a while, and see before what that would hide."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple
from uuid import UUID

from gateway.access.permission import Permission
from gateway.alerts.view import AlertFilter, AlertReader, AlertView
from gateway.changes.perform import Perform
from gateway.clock import Clock
from gateway.desk.silence import BeginSilence, EditSilence, EndSilence
from gateway.errors import NotFound
from gateway.silences.book import TenantSilences
from gateway.silences.silence import Silence, checked_matchers
from gateway.silences.store import SilenceStore
from gateway.web.api.silence_forms import (
    NewSilence,
    SilenceEdit,
    SilencePreview,
    SilencesForm,
    changes_in,
)
from gateway.web.http.answers import Answer, empty_answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form, in_utc
from gateway.web.http.paging import exactly, part_of
from gateway.web.openapi.parameters import ACTOR, KEY, LOCATION, SILENCE
from gateway.web.views.alert import Previewed, show_alert, show_previewed
from gateway.web.views.page import Page
from gateway.web.views.silence import ShownSilence, show_silence
from gateway.web.views.words import Time
from matchers import Matcher

PREVIEWED = 100
"""Alerts that a preview shows."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class SilenceCursor(NamedTuple):
    """The last silence shown."""

    created_at: Time
    id: Annotated[str, exactly(_UUID)]


class SilenceHandlers:
    """People and silences."""

    def __init__(
        self,
        store: SilenceStore,
        perform: Perform,
        alerts: AlertReader,
        clock: Clock,
        longest: timedelta | None,
    ) -> None:
        self._store = store
        self._perform = perform
        self._alerts = alerts
        self._clock = clock
        self._longest = longest

    async def list(self, call: WebCall[SilencesForm]) -> Answer[Page[ShownSilence]]:
        """Silences, newest first, ended ones included."""
        part, now = part_of(call, SilenceCursor), self._clock()
        found = await self._store.page(call.tenant, call.form.state, now, part.after, part.fetch)
        return json_answer(part.page(found, _place_of, lambda one: show_silence(one, now)))

    async def detail(self, call: WebCall[Nothing]) -> Answer[ShownSilence]:
        """One silence."""
        silence = await self._store.one(call.tenant, _id_in(call))
        return json_answer(show_silence(silence, self._clock()))

    async def create(self, call: WebCall[NewSilence]) -> Answer[ShownSilence]:
        """Make no noise for a while.

        Obeyed from the moment of the answer on. A start in the past means now.
        """
        form = call.form
        command = BeginSilence(
            matchers=form.matchers,
            starts_at=None if form.starts_at is None else in_utc(form.starts_at, "/starts_at"),
            ends_at=in_utc(form.ends_at, "/ends_at"),
            author=form.author,
            comment=form.comment,
            longest=self._longest,
        )
        silence = await self._perform(command, call.principal, call.key)
        headers = {"Location": f"/api/v1/silences/{silence.id}"}
        return json_answer(show_silence(silence, self._clock()), status=201, headers=headers)

    async def edit(self, call: WebCall[SilenceEdit]) -> Answer[ShownSilence]:
        """Change a silence that has not ended.

        Only what is given changes. A start is never moved to before what has passed: it becomes
        now, or stays what it was if the silence has begun. One that has ended is refused with 400
        and code `silence_ended`.
        """
        changes = changes_in(call.form)
        command = EditSilence(silence_id=_id_in(call), longest=self._longest, **changes)
        silence = await self._perform(command, call.principal, call.key)
        return json_answer(show_silence(silence, self._clock()))

    async def end(self, call: WebCall[Nothing]) -> Answer[None]:
        """End a silence now.

        What it held and still fires gets its ticket at once. Ending it again is fine. It is never
        deleted.
        """
        command = EndSilence(silence_id=_id_in(call))
        await self._perform(command, call.principal, call.key)
        return empty_answer()

    async def preview(self, call: WebCall[SilencePreview]) -> Answer[Previewed]:
        """What a silence with these matchers would hide now.

        The firing alerts of which at least one firing strand matches with all its labels, those
        that the source ignores included. `would_hide` is false where another strand would keep the
        alert loud.
        """
        matchers, now = checked_matchers(call.form.matchers), self._clock()
        narrowed = AlertFilter(status="firing", strand_matchers=matchers)
        found = await self._alerts.page(call.principal, narrowed, None, PREVIEWED + 1)
        silences = await self._store.current(call.tenant, now)
        items = [
            show_previewed(
                show_alert(one, silences, now),
                would_hide=_would_hide(matchers, one, silences, now),
            )
            for one in found[:PREVIEWED]
        ]
        return json_answer(Previewed(items=items, more=len(found) > PREVIEWED))


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


def _id_in(call: WebCall[Form]) -> UUID:
    """From the path; what cannot be one is simply not found."""
    text = call.part("id")
    if not re.fullmatch(_UUID, text):
        raise NotFound(f"no silence {text}")
    return UUID(text)


def _place_of(silence: Silence) -> SilenceCursor:
    return SilenceCursor(silence.created_at, str(silence.id))


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/silences", Permission.SILENCES_READ, SilencesForm, Page[ShownSilence],
        SilenceHandlers.list, "listSilences", ("silences",), {200: "One page"},
    ),
    Endpoint(
        "POST", "/api/v1/silences", BeginSilence.permission, NewSilence, ShownSilence,
        SilenceHandlers.create, "createSilence", ("silences",), {201: "Created"},
        asks=(ACTOR, KEY), gives=(LOCATION,),
    ),
    Endpoint(
        "POST", "/api/v1/silences/preview", Permission.SILENCES_READ, SilencePreview, Previewed,
        SilenceHandlers.preview, "previewSilence", ("silences",),
        {200: "The first hundred, newest first"},
    ),
    Endpoint(
        "GET", "/api/v1/silences/{id}", Permission.SILENCES_READ, Nothing, ShownSilence,
        SilenceHandlers.detail, "getSilence", ("silences",), {200: "The silence"},
        asks=(SILENCE,),
    ),
    Endpoint(
        "PATCH", "/api/v1/silences/{id}", EditSilence.permission, SilenceEdit, ShownSilence,
        SilenceHandlers.edit, "editSilence", ("silences",), {200: "The silence as it is now"},
        asks=(SILENCE, ACTOR, KEY),
    ),
    Endpoint(
        "DELETE", "/api/v1/silences/{id}", EndSilence.permission, Nothing, type(None),
        SilenceHandlers.end, "endSilence", ("silences",), {204: "It has ended"},
        asks=(SILENCE, ACTOR, KEY),
    ),
)  # fmt: skip
