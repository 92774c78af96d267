"""`/api/v1/settings`: policies, calendars and priorities that no configuration declares."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gateway.access.permission import Permission
from gateway.changes.perform import Perform
from gateway.declarations.book import Book
from gateway.declarations.declaration import MATRIX_NAME, DeclarationKind, check_name
from gateway.declarations.declared import Declared
from gateway.declarations.kinds import read
from gateway.declarations.view import DeclarationReader
from gateway.desk.setting import DeclareSetting, WithdrawSetting
from gateway.errors import NotFound, Refused
from gateway.web.api.declared_views import (
    ShownCalendar,
    ShownHolidays,
    ShownMatrix,
    ShownPolicy,
    ShownTarget,
    show_calendar,
    show_matrix,
    show_policy,
)
from gateway.web.http.answers import Answer, empty_answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, Parameter, WebCall
from gateway.web.http.forms import Form
from gateway.web.openapi.parameters import ACTOR, ETAG, IF_MATCH, KEY
from gateway.web.openapi.refusals import SETTING_TAKEN, STALE_SETTING
from gateway.web.views.page import Page
from gateway.web.views.words import about

_K = DeclarationKind
SETTING = Parameter(
    "name", "path", Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")], "Setting"
)


class CalendarForm(Form, frozen=True):
    """Which hours shall count."""

    time_zone: Annotated[str, about("As in `Europe/Berlin`.")]
    week: Annotated[
        dict[str, list[str]],
        about("Hours by `mon` to `sun` or by `mon-fri`; past midnight as `22:00-06:00`."),
    ]
    holidays: ShownHolidays = ShownHolidays()
    day: Annotated[str, about("How long 1d of a policy is, as in `8h`.")] = ""


class PolicyForm(Form, frozen=True):
    """What shall be promised."""

    targets: Annotated[dict[str, ShownTarget], about("By priority; durations as in `1d`.")]
    calendar: Annotated[str, about("Empty: every hour counts.")] = ""
    pauses_in: Annotated[tuple[str, ...], about("Empty: states of status pending.")] = ()


class MatrixForm(Form, frozen=True):
    """What a priority shall be made of."""

    cells: Annotated[
        dict[str, str], about("`severity/impact/urgency` and a priority; others are as usual.")
    ]


class SettingHandlers:
    """Admins and settings."""

    def __init__(self, read: DeclarationReader, perform: Perform) -> None:
        self._read = read
        self._perform = perform

    async def calendars(self, call: WebCall[Nothing]) -> Answer[Page[ShownCalendar]]:
        """All calendars."""
        known = (await self._read.book(call.tenant)).of(_K.CALENDAR).values()
        return json_answer(Page(items=[*map(_calendar, known)], next=None))

    async def calendar(self, call: WebCall[Nothing]) -> Answer[ShownCalendar]:
        """One calendar."""
        one = await self._one(call, _K.CALENDAR)
        return json_answer(_calendar(one), headers=_etag(one))

    async def put_calendar(self, call: WebCall[CalendarForm]) -> Answer[ShownCalendar]:
        """Declare a calendar, or a new version of it.

        Policies that are declared here and count in its hours get a new version too. Tickets keep
        the version that they were opened with.
        """
        one = await self._declare(call, _K.CALENDAR)
        return json_answer(_calendar(one), headers=_etag(one))

    async def delete_calendar(self, call: WebCall[Nothing]) -> Answer[None]:
        """Withdraw a calendar that no policy is of."""
        return await self._withdraw(call, _K.CALENDAR)

    async def policies(self, call: WebCall[Nothing]) -> Answer[Page[ShownPolicy]]:
        """All policies."""
        known = (await self._read.book(call.tenant)).of(_K.POLICY).values()
        return json_answer(Page(items=[*map(_policy, known)], next=None))

    async def policy(self, call: WebCall[Nothing]) -> Answer[ShownPolicy]:
        """One policy."""
        one = await self._one(call, _K.POLICY)
        return json_answer(_policy(one), headers=_etag(one))

    async def put_policy(self, call: WebCall[PolicyForm]) -> Answer[ShownPolicy]:
        """Declare a policy, or a new version of it.

        Tickets keep the version that they were opened with.
        """
        one = await self._declare(call, _K.POLICY)
        return json_answer(_policy(one), headers=_etag(one))

    async def delete_policy(self, call: WebCall[Nothing]) -> Answer[None]:
        """Withdraw a policy; what is shipped under its name is declared again."""
        return await self._withdraw(call, _K.POLICY)

    async def matrix(self, call: WebCall[Nothing]) -> Answer[ShownMatrix]:
        """The priority matrix."""
        one = _known(await self._read.book(call.tenant), _K.PRIORITY_MATRIX, MATRIX_NAME)
        return json_answer(show_matrix(one), headers=_etag(one))

    async def put_matrix(self, call: WebCall[MatrixForm]) -> Answer[ShownMatrix]:
        """Declare the priority matrix: cells only where they shall differ."""
        one = await self._declared(call, _K.PRIORITY_MATRIX, MATRIX_NAME, call.form.cells)
        return json_answer(show_matrix(one), headers=_etag(one))

    async def delete_matrix(self, call: WebCall[Nothing]) -> Answer[None]:
        """Priorities are made as usual again."""
        command = WithdrawSetting(kind=_K.PRIORITY_MATRIX, name=MATRIX_NAME, version=call.version)
        await self._perform(command, call.principal, call.key)
        return empty_answer()

    async def _one(self, call: WebCall[Nothing], kind: DeclarationKind) -> Declared:
        name = call.part("name")
        one = _known(await self._read.book(call.tenant), kind, name)
        if one is None:
            raise NotFound(f"no {kind} is named {name}")
        return one

    async def _declare(
        self, call: WebCall[CalendarForm] | WebCall[PolicyForm], kind: DeclarationKind
    ) -> Declared:
        name = call.part("name")
        try:
            check_name(name)
        except ValueError as error:
            raise Refused(str(error), code="bad_name") from error
        return await self._declared(
            call, kind, name, {**msgspec.to_builtins(call.form), "name": name}
        )

    async def _declared(
        self, call: WebCall[Any], kind: DeclarationKind, name: str, body: Mapping[str, Any]
    ) -> Declared:
        command = DeclareSetting(kind=kind, name=name, body=body, version=call.version)
        return await self._perform(command, call.principal, call.key)

    async def _withdraw(self, call: WebCall[Nothing], kind: DeclarationKind) -> Answer[None]:
        command = WithdrawSetting(kind=kind, name=call.part("name"), version=call.version)
        await self._perform(command, call.principal, call.key)
        return empty_answer()


def _known(book: Book, kind: DeclarationKind, name: str) -> Declared | None:
    return book.of(kind).get(name)


def _calendar(one: Declared) -> ShownCalendar:
    return show_calendar(one, read(one.of, msgspec.json.decode(one.body)))


def _policy(one: Declared) -> ShownPolicy:
    return show_policy(one, read(one.of, msgspec.json.decode(one.body)))


def _etag(one: Declared | None) -> dict[str, str]:
    return {"ETag": f'"{one.version if one else 0}"'}


_READ, _WRITE = Permission.SETTINGS_READ, Permission.SETTINGS_WRITE
_TAGS = ("settings",)
_ASKS = (ACTOR, KEY, IF_MATCH)
_REFUSES = {409: SETTING_TAKEN, 412: STALE_SETTING}
_H = SettingHandlers
_SLA, _CALENDARS, _MATRIX = (
    f"/api/v1/settings/{one}" for one in ("sla", "calendars", "priority_matrix")
)
ENDPOINTS = (
    Endpoint(
        "GET", _SLA, _READ, Nothing, Page[ShownPolicy], _H.policies, "listPolicies", _TAGS,
        {200: "All of them"},
    ),
    Endpoint(
        "GET", f"{_SLA}/{{name}}", _READ, Nothing, ShownPolicy, _H.policy, "getPolicy", _TAGS,
        {200: "The policy"}, asks=(SETTING,), gives=(ETAG,),
    ),
    Endpoint(
        "PUT", f"{_SLA}/{{name}}", _WRITE, PolicyForm, ShownPolicy, _H.put_policy, "putPolicy",
        _TAGS, {200: "The policy as it is now"}, asks=(SETTING, *_ASKS), gives=(ETAG,),
        refuses=_REFUSES,
    ),
    Endpoint(
        "DELETE", f"{_SLA}/{{name}}", _WRITE, Nothing, type(None), _H.delete_policy,
        "deletePolicy", _TAGS, {204: "It is withdrawn"}, asks=(SETTING, *_ASKS), refuses=_REFUSES,
    ),
    Endpoint(
        "GET", _CALENDARS, _READ, Nothing, Page[ShownCalendar], _H.calendars, "listCalendars",
        _TAGS, {200: "All of them"},
    ),
    Endpoint(
        "GET", f"{_CALENDARS}/{{name}}", _READ, Nothing, ShownCalendar, _H.calendar,
        "getCalendar", _TAGS, {200: "The calendar"}, asks=(SETTING,), gives=(ETAG,),
    ),
    Endpoint(
        "PUT", f"{_CALENDARS}/{{name}}", _WRITE, CalendarForm, ShownCalendar, _H.put_calendar,
        "putCalendar", _TAGS, {200: "The calendar as it is now"}, asks=(SETTING, *_ASKS),
        gives=(ETAG,), refuses=_REFUSES,
    ),
    Endpoint(
        "DELETE", f"{_CALENDARS}/{{name}}", _WRITE, Nothing, type(None), _H.delete_calendar,
        "deleteCalendar", _TAGS, {204: "It is withdrawn"}, asks=(SETTING, *_ASKS),
        refuses=_REFUSES,
    ),
    Endpoint(
        "GET", _MATRIX, _READ, Nothing, ShownMatrix, _H.matrix, "getPriorityMatrix", _TAGS,
        {200: "The matrix"}, gives=(ETAG,),
    ),
    Endpoint(
        "PUT", _MATRIX, _WRITE, MatrixForm, ShownMatrix, _H.put_matrix, "putPriorityMatrix",
        _TAGS, {200: "The matrix as it is now"}, asks=_ASKS, gives=(ETAG,), refuses=_REFUSES,
    ),
    Endpoint(
        "DELETE", _MATRIX, _WRITE, Nothing, type(None), _H.delete_matrix, "deletePriorityMatrix",
        _TAGS, {204: "It is withdrawn"}, asks=_ASKS, refuses=_REFUSES,
    ),
)  # fmt: skip
