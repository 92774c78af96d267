"""Where a key stands is known for everything that TOML can say."""

import tomllib
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.places import Places
from gateway.config.problems import Place
from tests.config.writer import as_toml

TEXT = '''\
# [http] in a comment
plain = "a # [x] = " # and a comment
"quo.ted \\" é\\u00e9" = 'a\\'
dotted . "in the" .middle = 1.5
day = 1979-05-27 07:32:00.5
minus = -1_000
special = [inf, +nan, 0xDEADBEEF,
  [], {}, # ]
  ["a]", [ 1,
2 ]],
  { a = 1, b = { c = "}" }, d.e = [ { f = 1 } ] },
]
long = """
[http]
"" \\""" ""quoted"""""
literal = \'\'\'
x = 1
\'\'\'\'\'
empty = ""
[table]
inside = \'\'
[ table . "sub" ]
x = """one line"""
[[array]]
[[array]]
x = 1
[array.table]
y = 1
[[array.inner]]
[[array.inner]]
z = [
  1
]
'''


def every_place(value: object, place: Place = ()) -> Iterator[Place]:
    if place:
        yield place
    steps = value.items() if isinstance(value, dict) else ()
    for step, inner in enumerate(value) if isinstance(value, list) else steps:
        yield from every_place(inner, (*place, step))


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("plain",), 2),
        (('quo.ted " éé',), 3),
        (("dotted",), 4),
        (("dotted", "in the", "middle"), 4),
        (("special",), 7),
        (("special", 2), 7),
        (("special", 3), 8),
        (("special", 5, 1, 1), 10),
        (("special", 6, "b", "c"), 11),
        (("special", 6, "d", "e", 0, "f"), 11),
        (("literal",), 16),
        (("table", "inside"), 21),
        (("table", "sub", "x"), 23),
        (("array",), 24),
        (("array", 1), 25),
        (("array", 1, "table", "y"), 28),
        (("array", 1, "inner", 1, "z", 0), 32),
        (("array", 1, "inner", 1, "lacking"), 30),
        (("nowhere",), None),
    ],
)
def test_a_place_has_the_line_that_a_reader_would_name(place: Place, line: int | None) -> None:
    assert Places(TEXT).line_of(place) == line


def test_every_place_is_known() -> None:
    places = Places(TEXT)
    assert not [place for place in every_place(tomllib.loads(TEXT)) if place not in places]


VALUES = st.recursive(
    st.text(max_size=6) | st.integers() | st.floats() | st.booleans() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_whatever_is_written_on_line_n_stands_there(document: dict[str, object]) -> None:
    text = "\n".join(f"{as_toml(key)} = {as_toml(value)}" for key, value in document.items())
    places, read = Places(text), tomllib.loads(text)
    for number, (key, value) in enumerate(read.items(), start=1):
        for place in every_place(value, (key,)):
            assert places.line_of(place) == number
            assert place in places


@given(st.datetimes())
def test_a_time_is_written_as_toml_reads_it(time: datetime) -> None:
    assert tomllib.loads(f"x = {as_toml(time)}") == {"x": time}
