"""How what is declared looks."""

from typing import Annotated, Any

import msgspec
from msgspec import Struct

from gateway.declarations.catalog import CatalogItem
from gateway.declarations.declaration import DeclarationOrigin
from gateway.declarations.declared import Declared
from gateway.declarations.project import Project, ProjectVisibility
from gateway.sla.calendar import Calendar
from gateway.sla.policy import Policy
from gateway.tickets.fields import Field
from gateway.web.views.words import Count, about

_Where = Annotated[
    DeclarationOrigin, about("`config`: it can be changed in the configuration alone.")
]


class ShownHolidays(Struct, frozen=True, kw_only=True, gc=False):
    """Days on which nothing is open."""

    country: str = ""
    subdivision: str = ""
    extra: list[str] = []
    except_: list[str] = msgspec.field(default_factory=list, name="except")


class ShownCalendar(Struct, frozen=True, kw_only=True, gc=False):
    """Which hours count."""

    name: str
    version: Count
    origin: _Where
    time_zone: str
    week: dict[str, list[str]]
    holidays: ShownHolidays
    day: str
    dates: Annotated[list[str], about("All holidays, as worked out when it was declared.")]


class ShownTarget(Struct, frozen=True, kw_only=True, gc=False):
    """What is promised to one priority."""

    response: str = ""
    resolution: str = ""


class ShownPolicy(Struct, frozen=True, kw_only=True, gc=False):
    """What is promised."""

    name: str
    version: Count
    origin: _Where
    calendar: str
    pauses_in: list[str]
    targets: dict[str, ShownTarget]


class ShownMatrix(Struct, frozen=True, kw_only=True, gc=False):
    """What a priority is made of."""

    version: Annotated[Count, about("0: nobody has declared one.")]
    origin: _Where
    cells: Annotated[dict[str, str], about("Those that differ from the usual, by name.")]


class ShownProject(Struct, frozen=True, kw_only=True, gc=False):
    """A project."""

    key: str
    name: str
    types: list[str]
    workflows: list[str]
    fields: list[str]
    sla: str
    visibility: ProjectVisibility
    groups: list[str]


class ShownItem(Struct, frozen=True, kw_only=True, gc=False):
    """Something that people can ask for."""

    name: str
    title: str
    type: str
    project: str
    group: str
    fields: list[str]


class ShownField(Struct, frozen=True, kw_only=True, gc=False):
    """A custom field of tickets."""

    name: str
    type: str
    choices: list[str]
    types: list[str]
    projects: list[str]
    internal: bool
    withdrawn: Annotated[bool, about("Its values stay, and can only be read.")]


def show_calendar(one: Declared, calendar: Calendar) -> ShownCalendar:
    """As it was declared."""
    return ShownCalendar(
        version=one.version,
        origin=one.origin,
        **{
            **_builtins(calendar, ("name", "time_zone", "day")),
            "week": {day: list(hours) for day, hours in calendar.week.items()},
            "dates": list(calendar.dates),
            "holidays": msgspec.convert(msgspec.to_builtins(calendar.holidays), ShownHolidays),
        },
    )


def show_policy(one: Declared, policy: Policy) -> ShownPolicy:
    """As it was declared."""
    return ShownPolicy(
        name=one.name,
        version=one.version,
        origin=one.origin,
        calendar=policy.calendar,
        pauses_in=list(policy.pauses_in),
        targets={
            priority: ShownTarget(response=target.response, resolution=target.resolution)
            for priority, target in policy.targets.items()
        },
    )


def show_matrix(one: Declared | None) -> ShownMatrix:
    """None: as it is shipped."""
    if one is None:
        return ShownMatrix(version=0, origin=DeclarationOrigin.SHIPPED, cells={})
    cells = msgspec.json.decode(one.body, type=dict[str, str])
    return ShownMatrix(version=one.version, origin=one.origin, cells=cells)


def show_project(project: Project) -> ShownProject:
    """As it is declared."""
    return msgspec.convert(_builtins(project, ShownProject.__struct_fields__), ShownProject)


def show_item(item: CatalogItem) -> ShownItem:
    """As whoever asks for it sees it."""
    return msgspec.convert(_builtins(item, ShownItem.__struct_fields__), ShownItem)


def show_field(field: Field) -> ShownField:
    """As it is declared."""
    return msgspec.convert(_builtins(field, ShownField.__struct_fields__), ShownField)


def _builtins(noun: Struct, names: tuple[str, ...]) -> dict[str, Any]:
    """Defaults too."""
    return {name: msgspec.to_builtins(getattr(noun, name)) for name in names}
