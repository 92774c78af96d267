"""Where the words of a drawing's edges stand: by their curve, clear of states and of each other."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Point = tuple[float, float]
_CHARACTER, _ABOVE, _BELOW = 5.5, 9.0, 3.0
"""What a caption takes around its base line, in the picture's units."""
_SHARES = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)
_LIFTS = (-3.0, 11.0, -16.0, 24.0, -29.0, 37.0, -42.0)


class Box(NamedTuple):
    """What something covers."""

    left: float
    top: float
    right: float
    bottom: float

    def hits(self, other: "Box") -> bool:
        """Do both cover a place?"""
        beside = self.right <= other.left or other.right <= self.left
        return not beside and self.top < other.bottom and other.top < self.bottom


class Captions:
    """Gives each caption the first free place: the middle of its curve, or as near as can be."""

    def __init__(self, taken: Iterable[Box]) -> None:
        self._taken = list(taken)

    def place(self, curve: Sequence[Point], text: str) -> Point:
        """The middle of the base line of *text*. Where nothing is free, on the curve's middle."""
        places = list(_places(curve))
        for place in places:
            box = _box(place, text)
            if not any(box.hits(one) for one in self._taken):
                self._taken.append(box)
                return place
        return places[0]


def _places(curve: Sequence[Point]) -> Iterator[Point]:
    for lift in _LIFTS:
        for share in _SHARES:
            x, y = _on(curve, share)
            yield x, y + lift


def _on(curve: Sequence[Point], share: float) -> Point:
    """That share of the way along a cubic Bézier curve."""
    rest = 1 - share
    weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
    x, y = (sum(w * at[axis] for w, at in zip(weights, curve, strict=True)) for axis in (0, 1))
    return x, y


def _box(place: Point, text: str) -> Box:
    half = len(text) * _CHARACTER / 2
    x, y = place
    return Box(x - half, y - _ABOVE, x + half, y + _BELOW)
