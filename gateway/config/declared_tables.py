"""`[[approvals]] [[sla]] [[calendars]] [[catalog]] [[projects]]`, as they are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from gateway.bounds import not_empty, short
from gateway.config.mistakes import KEY
from gateway.declarations.approval import (
    check_guarded,
    check_need,
    check_on_timeout,
    check_seat,
    check_seats,
    check_timeout,
)
from gateway.declarations.declaration import check_name
from gateway.declarations.project import ProjectVisibility, check_key
from gateway.sla.calendar import check_date, check_day, check_zone
from gateway.sla.policy import check_priorities, check_priority, check_target
from gateway.sla.week import check_week

_Name = Annotated[str, check_name]
_Texts = tuple[Annotated[str, not_empty], ...]


def from_nothing(number: object) -> None:
    """A whole number, zero too."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**50:
        raise ValueError("must be a whole number, 0 or greater")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionOptions:
    """`[config]`."""

    revision: Annotated[Any, from_nothing] = 0
    """Of this configuration. A lower one than what is declared declares nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantTable:
    """`[tenants.NAME]`: what is so for that tenant alone."""

    priority_matrix: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForTenants:
    """What every declaration may say besides."""

    tenants: _Texts = ()
    """Names of those that it is for; empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTable(ForTenants):
    """One `[[approvals]]`."""

    name: _Name
    seats: Annotated[tuple[Annotated[str, check_seat], ...], check_seats]
    need: Annotated[Any, check_need] = "any"
    not_: tuple[str, ...] = field(default=("requester", "submitter"), metadata={KEY: "not"})
    guards: tuple[Annotated[str, check_guarded], ...] = ()
    timeout: Annotated[str, check_timeout] = ""
    on_timeout: Annotated[str, check_on_timeout] = "remind"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTable:
    """What is promised to one priority."""

    response: Annotated[str, check_target] = ""
    resolution: Annotated[str, check_target] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTable(ForTenants):
    """One `[[sla]]`."""

    name: _Name
    calendar: str = ""
    pauses_in: _Texts = ()
    targets: Annotated[Mapping[str, TargetTable], check_priorities] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidaysTable:
    """Of a calendar."""

    country: str = ""
    subdivision: str = ""
    extra: tuple[Annotated[str, check_date], ...] = ()
    except_: tuple[Annotated[str, check_date], ...] = field(default=(), metadata={KEY: "except"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTable(ForTenants):
    """One `[[calendars]]`."""

    name: _Name
    time_zone: Annotated[str, check_zone]
    week: Annotated[Mapping[str, tuple[str, ...]], check_week]
    holidays: HolidaysTable = field(default_factory=HolidaysTable)
    day: Annotated[str, check_day] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogTable(ForTenants):
    """One `[[catalog]]`."""

    name: _Name
    title: Annotated[str, short] = ""
    type: Annotated[str, not_empty] = "service_request"
    workflow: str = ""
    start: str = ""
    project: str = ""
    group: str = ""
    priority: Annotated[str, check_priority] = ""
    impact: str = ""
    urgency: str = ""
    sla: str = ""
    approval: str = ""
    fields: _Texts = ()
    visible_to: _Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTable(ForTenants):
    """One `[[projects]]`."""

    key: Annotated[str, check_key]
    name: Annotated[str, short] = ""
    types: _Texts = ()
    workflows: _Texts = ()
    fields: _Texts = ()
    sla: str = ""
    visibility: ProjectVisibility = "tenant"
    groups: _Texts = ()
