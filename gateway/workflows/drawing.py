"""Draws a workflow as SVG: statuses are the columns, states stand in them, edges are curves.

All texts are a configuration's: every one is escaped, and nothing in the picture is active.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from gateway.tickets.ticket import TicketStatus
from gateway.workflows.captions import Box, Captions, Point
from gateway.workflows.workflow import Edge, State, Workflow

_COLUMN, _ROW, _TOP, _MARGIN = 250, 130, 90, 20
_WIDTH, _HEIGHT = 150, 44
_SPREAD = 26
"""Between edges that lead the same way."""
_STYLE = (
    "text{font:12px sans-serif;fill:#222}.status{font-weight:bold;fill:#555}"
    ".state{fill:#fff;stroke:#345;stroke-width:1.5}.start{stroke-width:3}.ended{fill:#eee}"
    ".approval{stroke-dasharray:5 3}.edge{fill:none;stroke:#678;stroke-width:1.2}"
    ".system{stroke-dasharray:3 3}.label{font-size:10px;fill:#245}"
    ".lane{fill:#f7f8fa}"
)


def draw(workflow: Workflow) -> str:
    """A whole SVG document."""
    places = _places(workflow)
    curves = list(_edges(workflow, places))
    deepest = max((y for _, y in places.values()), default=0.0)
    width = _COLUMN * len(TicketStatus) + 2 * _MARGIN
    height = int(deepest) + _HEIGHT + _ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(workflow.display_name)}</title><style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#678"/></marker></defs>',
        *_lanes(workflow, height),
        *(_line(edge, curve) for edge, curve in curves),
        *(_state(workflow, workflow.states[name], at) for name, at in places.items()),
        *_captions(curves, places),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _places(workflow: Workflow) -> Mapping[str, Point]:
    """The upper left corners of the states, by name."""
    places: dict[str, Point] = {}
    for column, status in enumerate(TicketStatus):
        inside = [one for one in workflow.states.values() if one.status is status]
        for row, state in enumerate(inside):
            x = _MARGIN + column * _COLUMN + (_COLUMN - _WIDTH) / 2
            places[state.name] = (x, _TOP + row * _ROW + (column % 2) * _ROW / 2)
    return places


def _lanes(workflow: Workflow, height: int) -> Iterator[str]:
    yield _text(_MARGIN, 24, workflow.display_name, "status")
    for column, status in enumerate(TicketStatus):
        left = _MARGIN + column * _COLUMN
        yield (
            f'<rect class="lane" x="{left + 4}" y="40" width="{_COLUMN - 8}"'
            f' height="{height - 52}" rx="6"/>'
        )
        yield _text(left + _COLUMN / 2, 60, status.replace("_", " "), "status", middle=True)


def _state(workflow: Workflow, state: State, at: Point) -> str:
    x, y = at
    kinds = ["state"]
    kinds += ["start"] if state.name == workflow.start else []
    kinds += ["ended"] if state.ended else []
    kinds += ["approval"] if state.approval else []
    box = (
        f'<rect class="{" ".join(kinds)}" x="{x:g}" y="{y:g}" width="{_WIDTH}"'
        f' height="{_HEIGHT}" rx="8"/>'
    )
    return box + _text(x + _WIDTH / 2, y + _HEIGHT / 2 + 4, state.name, "name", middle=True)


def _edges(
    workflow: Workflow, places: Mapping[str, Point]
) -> Iterator[tuple[Edge, Sequence[Point]]]:
    """Those between the same two states, either way, lie beside each other."""
    drawn: dict[frozenset[str], int] = {}
    for edge in workflow.edges:
        for start in edge.starts:
            pair = frozenset((start, edge.to))
            number = drawn[pair] = drawn.get(pair, -1) + 1
            yield edge, _curve(places[start], places[edge.to], number)


def _line(edge: Edge, curve: Sequence[Point]) -> str:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = curve
    path = f"M{ax:g},{ay:g} C{bx:g},{by:g} {cx:g},{cy:g} {dx:g},{dy:g}"
    kind = "edge" if edge.for_people else "edge system"
    return f'<path class="{kind}" d="{path}" marker-end="url(#tip)"/>'


def _captions(
    curves: Sequence[tuple[Edge, Sequence[Point]]], places: Mapping[str, Point]
) -> Iterator[str]:
    """Last, so that nothing is drawn over them."""
    captions = Captions(Box(x, y, x + _WIDTH, y + _HEIGHT) for x, y in places.values())
    for edge, curve in curves:
        text = f"{edge.label} ({', '.join(edge.roles)})"
        x, y = captions.place(curve, text)
        yield _text(x, y, text, "label", middle=True)


def _curve(start: Point, end: Point, number: int) -> Sequence[Point]:
    """From side to side; within one column around it, on the right."""
    (x, y), (to_x, to_y) = start, end
    shift = number * _SPREAD
    if x == to_x:
        right = x + _WIDTH
        bend = right + 50 + shift
        return (
            (right, y + _HEIGHT / 2), (bend, y + _HEIGHT / 2),
            (bend, to_y + _HEIGHT / 2), (right, to_y + _HEIGHT / 2),
        )  # fmt: skip
    forward = to_x > x
    leaves, comes = (x + _WIDTH, to_x) if forward else (x, to_x + _WIDTH)
    lift = (-30 if forward else 40) + (shift if not forward else -shift)
    level = _HEIGHT / 3 if forward else 2 * _HEIGHT / 3
    third = (comes - leaves) / 3
    return (
        (leaves, y + level), (leaves + third, y + level + lift),
        (comes - third, to_y + level + lift), (comes, to_y + level),
    )  # fmt: skip


def _text(x: float, y: float, text: str, kind: str, *, middle: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}"{anchor}>{escape(text)}</text>'
