"""The tables of docs/workflows.md: what the shipped workflows are to be."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "workflows.md"
ROLES = {"a": "assignee", "r": "requester", "y": "any", "o": "operator", "s": "system"}
NEEDS = {"+c": "comment", "+n": "resolution_note", "children_ended": "children_ended"}
_CELL = re.compile(r"(\w+) \[([^\]]*)\]")
_STATE = re.compile(r"(\w+)(?: \((\w+)\))?")


@dataclass(frozen=True)
class Way:
    """One step of a table."""

    start: str
    to: str
    roles: tuple[str, ...]
    on: str = ""
    needs: frozenset[str] = frozenset()
    risk_is_low: bool | None = None
    """What the condition asks; None: there is none."""
    barred: frozenset[str] = frozenset()
    clears: frozenset[str] = frozenset()
    resolutions: tuple[str, ...] = ()


@dataclass
class Drawn:
    """A workflow as the tables draw it."""

    head: str
    """What stands beside its name."""
    status_of: dict[str, str]
    ways: list[Way]


def drawn() -> dict[str, Drawn]:
    """By name."""
    found: dict[str, Drawn] = {}
    columns: list[Drawn] = []
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line[:1] == "|" else []
        if cells and cells[0].startswith("from ↓"):
            columns = [_heading(cell, found) for cell in cells[1:]]
        elif not cells or set(cells[0]) <= {"-"}:
            columns = columns if cells else []
        elif columns:
            for start, status in _STATE.findall(cells[0]):
                for column, cell in zip(columns, cells[1:], strict=True):
                    _read_cell(column, start, status or start, cell)
    return found


def _heading(cell: str, found: dict[str, Drawn]) -> Drawn:
    name, _, head = cell.partition("` (")
    return found.setdefault(name.strip("`"), Drawn(head.rstrip(")"), {}, []))


def _read_cell(column: Drawn, start: str, status: str, cell: str) -> None:
    column.status_of[start] = status
    column.ways += [_way(start, to, inner) for to, inner in _CELL.findall(cell)]


def _way(start: str, to: str, inner: str) -> Way:
    first, *parts = inner.split(", ")
    words = first.split()
    roles = tuple(ROLES[word] for word in words if word in ROLES)
    on = next((word for word in words if word in ("approved", "rejected", "converted")), "")
    needs = {NEEDS[word] for word in (*words, *parts) if word in NEEDS}
    needs |= {part for part in parts if part.startswith("custom.")}
    resolutions = [part.partition("=")[2] for part in parts if part.startswith("resolution=")]
    risks = [part for part in parts if part.startswith("when risk")]
    return Way(
        start=start,
        to=to,
        roles=roles,
        on=on,
        needs=frozenset(needs),
        risk_is_low="≠" not in risks[0] if risks else None,
        barred=frozenset(part[4:] for part in parts if part.startswith("not ")),
        clears=frozenset(part[7:] for part in parts if part.startswith("clears ")),
        resolutions=tuple(resolutions[0].split("/")) if resolutions else (),
    )
