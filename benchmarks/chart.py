"""Charts as SVG text: bars for a comparison, lines for a course. Small, and readable as a diff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Protocol

WIDTH = 640
_COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#64748b")
_LABEL_WIDTH, _BAR_HEIGHT, _VALUE_WIDTH = 210, 22, 90
_LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 70, 44, 420, 220


class Chart(Protocol):
    """Something that can be drawn."""

    @property
    def title(self) -> str: ...

    def svg(self) -> str:
        """The whole document."""


@dataclass(frozen=True, slots=True)
class Bars:
    """One bar a row: (label, value, kind); a kind is a colour."""

    title: str
    rows: Sequence[tuple[str, float, str]]

    def svg(self) -> str:
        """Lengths are to scale from zero, so that bars can be compared by eye."""
        kinds = list(dict.fromkeys(kind for _, _, kind in self.rows))
        most = max(value for _, value, _ in self.rows) or 1
        room = WIDTH - _LABEL_WIDTH - _VALUE_WIDTH
        parts = [_text(10, 20, self.title, "600")]
        for number, (label, value, kind) in enumerate(self.rows):
            y = 36 + number * (_BAR_HEIGHT + 6)
            length = max(1.0, value / most * room)
            parts.append(_text(_LABEL_WIDTH - 8, y + 15, label, anchor="end"))
            parts.append(
                f'<rect x="{_LABEL_WIDTH}" y="{y}" width="{length:.0f}" height="{_BAR_HEIGHT}"'
                f' fill="{_COLOURS[kinds.index(kind) % len(_COLOURS)]}"/>'
            )
            parts.append(_text(_LABEL_WIDTH + length + 6, y + 15, _figure(value)))
        return _document(44 + len(self.rows) * (_BAR_HEIGHT + 6), parts)


@dataclass(frozen=True, slots=True)
class Lines:
    """Series of (x, y). The x axis is logarithmic, the y axis begins at zero."""

    title: str
    x_name: str
    series: Mapping[str, Sequence[tuple[float, float]]]

    def svg(self) -> str:
        """Every point is marked and labelled."""
        points = [point for one in self.series.values() for point in one]
        least, most = (log10(f(x for x, _ in points)) for f in (min, max))
        top = max(y for _, y in points) or 1
        parts = [_text(10, 20, self.title, "600"), *_axes(self.x_name)]
        for number, (name, one) in enumerate(self.series.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            places = [
                (
                    _LEFT + (log10(x) - least) / ((most - least) or 1) * _PLOT_WIDTH,
                    _TOP + _PLOT_HEIGHT * (1 - y / top),
                    x,
                    y,
                )
                for x, y in one
            ]
            path = " ".join(f"{x:.0f},{y:.0f}" for x, y, _, _ in places)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
            for at_x, at_y, x, y in places:
                parts.append(f'<circle cx="{at_x:.0f}" cy="{at_y:.0f}" r="3" fill="{colour}"/>')
                parts.append(_text(at_x, at_y - 7, _figure(y), anchor="middle", size=11))
                parts.append(
                    _text(at_x, _TOP + _PLOT_HEIGHT + 16, _figure(x), anchor="middle", size=11)
                )
            last_x, last_y, _, _ = places[-1]
            parts.append(_text(last_x + 12, last_y + 4 + 12 * number, name, colour=colour))
        return _document(_TOP + _PLOT_HEIGHT + 44, parts)


def _axes(x_name: str) -> list[str]:
    bottom, right = _TOP + _PLOT_HEIGHT, _LEFT + _PLOT_WIDTH
    return [
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="#94a3b8"/>',
        _text((_LEFT + right) / 2, bottom + 34, x_name, anchor="middle"),
    ]


def _text(
    x: float,
    y: float,
    words: str,
    weight: str = "400",
    *,
    anchor: str = "start",
    size: int = 13,
    colour: str = "#334155",
) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" font-weight="{weight}"'
        f' text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
    )


def _document(height: float, parts: Sequence[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"'
            ' font-family="system-ui, sans-serif">',
            f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _figure(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:.3g} M"
    if value >= 10_000:
        return f"{value / 1000:.3g} k"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
