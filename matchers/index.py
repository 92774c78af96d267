"""Which of many matcher lists match a label set, without trying them all.

Each list is filed under one of its positive matchers, its access path: the one that names values
(`=`, or `=~"a|b"`) fewest other lists name, found by looking the label's value up; or else a
pattern, found by RE2 sets, one or more per label name. The lists under one path are filed again by
what remains of them, until few are left, which are tried one by one, as are those that have no
positive matcher: they match whatever lacks the label, so nothing present leads to them.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from matchers.matcher import Matcher, Operator
from matchers.pattern_table import PatternTable

K = TypeVar("K", bound=Hashable)

FEW = 4
"""Lists that are tried one by one rather than filed again."""
MAX_FANOUT = 32
"""Most places in which one list is filed for its alternatives (`=~"a|b|c"`)."""
MAX_DEPTH = 16
"""How often lists are filed again, so that no list can exhaust the stack."""


class MatcherIndex(Generic[K]):
    """Matcher lists by key, made once for many label sets. Safe to share between threads."""

    __slots__ = ("_keys", "_root")

    def __init__(self, lists: Mapping[K, Iterable[Matcher]]) -> None:
        self._keys = list(lists)
        self._root = _grow([_Entry(i, tuple(each), 1) for i, each in enumerate(lists.values())], 0)

    def __len__(self) -> int:
        return len(self._keys)

    def match(self, labels: Mapping[str, str]) -> list[K]:
        """The keys whose matchers all match, in the order of insertion; `()` matches everything."""
        found: list[int] = []
        self._root.collect(labels, found)
        found.sort()
        keys = self._keys
        return [keys[ordinal] for ordinal in found]


class _Entry(NamedTuple):
    """A list on its way to its place: what of it the path so far has not yet verified."""

    ordinal: int
    matchers: tuple[Matcher, ...]
    copies: int
    """In how many places it is filed already."""

    def without(self, path: Matcher, copies: int) -> "_Entry":
        rest = tuple(matcher for matcher in self.matchers if matcher is not path)
        return _Entry(self.ordinal, rest, self.copies * copies)


class _Leaf:
    """Lists that are tried one by one."""

    __slots__ = ("_lists",)

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self._lists = [
            (
                entry.ordinal,
                [(each.name, each.test) for each in sorted(entry.matchers, key=_cost)],
            )
            for entry in entries
        ]

    def collect(self, labels: Mapping[str, str], found: list[int]) -> None:
        """Add the ordinals of the lists that match."""
        get = labels.get
        for ordinal, conditions in self._lists:
            for name, test in conditions:
                if not test(get(name, "")):
                    break
            else:
                found.append(ordinal)


class _Branch:
    """Lists filed by a value, by a pattern, or not at all."""

    __slots__ = ("_patterns", "_rest", "_values")

    def __init__(self, plan: "_Plan", depth: int) -> None:
        self._values = {
            name: {value: _grow(entries, depth) for value, entries in places.items()}
            for name, places in plan.values.items()
        }
        self._patterns = [
            (name, PatternTable([(path, _grow(each, depth)) for path, each in places.items()]))
            for name, places in plan.patterns.items()
        ]
        self._rest = _Leaf(plan.rest)

    def collect(self, labels: Mapping[str, str], found: list[int]) -> None:
        """Add the ordinals of the lists that match."""
        values = self._values
        for name, value in labels.items():
            places = values.get(name)
            if places is not None and (place := places.get(value)) is not None:
                place.collect(labels, found)
        for name, table in self._patterns:
            if present := labels.get(name):
                for place in table.find(present):
                    place.collect(labels, found)
        self._rest.collect(labels, found)


_Node = _Leaf | _Branch


class _Plan:
    """Where each of some lists is filed."""

    def __init__(self, entries: Sequence[_Entry]) -> None:
        self.values: dict[str, dict[str, list[_Entry]]] = defaultdict(lambda: defaultdict(list))
        self.patterns: dict[str, dict[Matcher, list[_Entry]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self.rest: list[_Entry] = []
        popularity = _popularity(entries)
        for entry in entries:
            self._file(entry, popularity)

    def _file(self, entry: _Entry, popularity: Mapping[tuple[str, str], int]) -> None:
        path = _by_value(entry, popularity)
        if path is not None and path.literals is not None:
            rest = entry.without(path, len(path.literals))
            for value in path.literals:
                self.values[path.name][value].append(rest)
        elif (path := _by_pattern(entry)) is not None:
            self.patterns[path.name][path].append(entry.without(path, 1))
        else:
            self.rest.append(entry)


def _grow(entries: Sequence[_Entry], depth: int) -> _Node:
    if len(entries) <= FEW or depth == MAX_DEPTH:
        return _Leaf(entries)
    return _Branch(_Plan(entries), depth + 1)


def _value_paths(entry: _Entry) -> Iterable[tuple[Matcher, frozenset[str]]]:
    room = MAX_FANOUT // entry.copies
    for matcher in entry.matchers:
        literals = matcher.literals
        if literals is not None and len(literals) <= room and "" not in literals:
            yield matcher, literals


def _popularity(entries: Iterable[_Entry]) -> Counter[tuple[str, str]]:
    """How many lists could be filed under each value of each name."""
    return Counter(
        (matcher.name, value)
        for entry in entries
        for matcher, literals in _value_paths(entry)
        for value in literals
    )


def _by_value(entry: _Entry, popularity: Mapping[tuple[str, str], int]) -> Matcher | None:
    """The matcher that names the values fewest lists name."""
    best, fewest = None, 0
    for matcher, literals in _value_paths(entry):
        shared_by = max(popularity[matcher.name, value] for value in literals)
        if best is None or shared_by < fewest:
            best, fewest = matcher, shared_by
    return best


def _by_pattern(entry: _Entry) -> Matcher | None:
    """The positive pattern that says most, judged by its letters and digits."""
    patterns = [each for each in entry.matchers if each.op is Operator.MATCHES and each.positive]
    return max(patterns, key=_weight, default=None)


def _weight(matcher: Matcher) -> int:
    return sum(map(str.isalnum, matcher.value))


def _cost(matcher: Matcher) -> int:
    """Patterns come last: comparing is far cheaper."""
    return 0 if matcher.literals is not None else matcher.size
