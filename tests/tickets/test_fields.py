"""Custom fields: what is declared is accepted, everything else is refused with a pointer to it."""

from datetime import datetime
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.opening import TicketType
from gateway.tickets.field_reading import read_field
from gateway.tickets.field_schema import schema_of
from gateway.tickets.fields import (
    SHIPPED_FIELDS,
    Field,
    FieldType,
    InvalidCustom,
    applicable,
    check_custom,
    flat_custom,
    read_band,
    validate,
)

RISK = Field(name="risk", type=FieldType.CHOICE, choices=("low", "high"))
TEAMS = Field(name="teams", type=FieldType.MULTICHOICE, choices=("a", "b", "c"))
COST = Field(
    name="cost", type=FieldType.NUMBER, minimum=0, maximum=5000,
    bands={"small": read_band("<1000"), "large": read_band(">=1000")},
)  # fmt: skip
GONE = Field(name="gone", type=FieldType.TEXT, withdrawn=True)
PLAIN = [
    Field(name=str(kind), type=kind)
    for kind in FieldType
    if kind not in (FieldType.CHOICE, FieldType.MULTICHOICE)
]
FIELDS = {field.name: field for field in (RISK, TEAMS, COST, GONE, *PLAIN)}

formats = jsonschema.FormatChecker(formats=["date"])


@formats.checks("date-time", raises=ValueError)
def is_time(text: object) -> bool:
    """The library has none of its own without further packages."""
    return not isinstance(text, str) or bool(datetime.fromisoformat(text))


SCHEMA = jsonschema.Draft202012Validator(schema_of(FIELDS), format_checker=formats)

texts = st.sampled_from(
    [
        "", "low", "high", "a", "2026-02-28", "2026-02-30", "2026-02-28\n", "20260228",
        "2026-03-04T05:06:07Z", "2026-03-04T05:06:07.123456+02:00", "2026-03-04T25:06:07Z",
        "2026-03-04T05:06:07", "2026-03-04T05:06:07+99:00", "https://x.example/a?b#c", "http://",
        "https:///x", "ftp://x", "javascript:alert(1)", "https://x y", "https://x\n", "u_1", "u 1",
        "u_1\n", "x" * 65_536, "x" * 65_537,
    ]
)  # fmt: skip
numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
single = st.one_of(st.none(), st.booleans(), numbers, texts, st.text(max_size=5))
values = st.one_of(
    single, st.lists(single, max_size=3), st.lists(st.sampled_from("abc"), max_size=3),
    st.dictionaries(st.text(max_size=3), single, max_size=2),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*FIELDS, "unknown"]), values, max_size=4))
def test_the_schema_and_the_check_agree_on_every_value(sent: dict[str, Any]) -> None:
    blamed = {mistake.pointer for mistake in validate(FIELDS, sent)}
    alone = {f"/{name}" for name in sent if not SCHEMA.is_valid({name: sent[name]})}
    assert blamed == alone
    assert SCHEMA.is_valid(sent) == (not blamed)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(FIELDS | SHIPPED_FIELDS))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", "x"), ("risk", "high"), ("teams", ["c", "a"]), ("teams", []), ("cost", 12.5),
        ("date", "2024-02-29"), ("datetime", "2026-03-04T05:06:07.5Z"), ("bool", False),
        ("user", "u_019b7f3f"), ("url", "https://wiki.example/page?x=1#y"), ("number", -7),
    ],
)  # fmt: skip
def test_a_value_of_its_type_is_accepted(name: str, value: object) -> None:
    assert validate(FIELDS, {name: value}) == []


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("text", 1, "must be a text of at most 65,536 characters"),
        ("risk", "huge", "must be one of low, high"),
        ("teams", ["a", "a"], "must be a list of some of a, b, c, each once"),
        ("cost", 5001, "must be a number from 0 to 5000"),
        ("cost", True, "must be a number from 0 to 5000"),
        ("date", "2026-02-30", 'must be a date, as in "2026-03-04"'),
        ("datetime", "2026-03-04", 'must be a time with its zone, as in "2026-03-04T05:06:07Z"'),
        ("bool", "true", "must be true or false"),
        ("user", "u 1", "must name a user"),
        ("url", "javascript:alert(1)", "must be a URL that begins with https:// or http://"),
        ("gone", "x", "is withdrawn: it can only be read"),
    ],
)
def test_any_other_value_is_refused_where_it_stands(name: str, value: object, detail: str) -> None:
    [mistake] = validate(FIELDS, {name: value})
    assert (mistake.pointer, mistake.detail) == (f"/{name}", detail)


def test_an_unknown_name_is_refused_with_a_pointer_and_the_names_that_there_are() -> None:
    with pytest.raises(InvalidCustom) as caught:
        check_custom(SHIPPED_FIELDS, TicketType.CHANGE, "", {"a/b": "x", "risk": "low"})
    [error] = caught.value.errors
    assert (caught.value.code, error.pointer) == ("invalid_custom", "/custom/a~1b")
    assert error.detail == "is no field of this ticket; there are backout, plan, risk"


def test_a_field_of_other_types_or_projects_is_none_of_the_ticket() -> None:
    of_project = Field(name="x", type=FieldType.TEXT, projects=("OPS",))
    fields = {**SHIPPED_FIELDS, "x": of_project}
    assert set(applicable(fields, TicketType.PROBLEM, "OPS")) == {"root_cause", "workaround", "x"}
    assert set(applicable(fields, TicketType.INCIDENT, "")) == set()


def test_what_another_type_left_can_be_removed_and_what_is_withdrawn_can_not() -> None:
    check_custom(SHIPPED_FIELDS, TicketType.INCIDENT, "", {"risk": None})
    with pytest.raises(InvalidCustom):
        check_custom(FIELDS, TicketType.INCIDENT, "", {"gone": None})


def test_conditions_see_texts_and_the_band_of_a_number() -> None:
    custom = orjson.dumps(
        {"cost": 1000.0, "teams": ["a", "c"], "bool": True, "text": "x", "gone": "y", "number": 0.5}
    )
    assert flat_custom(FIELDS, custom) == {
        "custom.cost": "1000", "custom.cost_band": "large", "custom.teams": "a,c",
        "custom.bool": "true", "custom.text": "x", "custom.gone": "y", "custom.number": "0.5",
    }  # fmt: skip
    assert flat_custom(FIELDS, b'{"bool": false, "cost": 999}') == {
        "custom.bool": "", "custom.cost": "999", "custom.cost_band": "small",
    }  # fmt: skip


def test_a_band_may_be_bounded_on_both_sides_and_the_first_that_fits_counts() -> None:
    bands = {"middle": read_band(">=10, <20"), "any": read_band(">=0")}
    fields = {"n": Field(name="n", type=FieldType.NUMBER, bands=bands)}
    found = [flat_custom(fields, b'{"n": %d}' % n).get("custom.n_band") for n in (-1, 5, 10, 20)]
    assert found == [None, "any", "middle", "any"]


def test_a_declared_field_is_read_as_it_is_written() -> None:
    table = {
        "name": "cost", "type": "number", "minimum": 0, "maximum": 5000,
        "bands": {"small": "<1000", "large": ">=1000"},
    }  # fmt: skip
    assert read_field(table) == (COST, [])
    table = {"name": "risk", "type": "choice", "choices": ["low", "high"], "types": ["fault"]}
    field, mistakes = read_field(table)
    assert (mistakes, field and field.types) == ([], (TicketType.INCIDENT,))


@pytest.mark.parametrize(
    ("table", "places"),
    [
        ({}, ["name", "type"]),
        ({"name": "Cost", "type": "money", "size": 1}, ["name", "type", "size"]),
        ({"name": "a", "type": "choice"}, ["choices"]),
        ({"name": "a", "type": "text", "choices": ["x"], "minimum": 1}, ["choices", "minimum"]),
        ({"name": "a", "type": "choice", "choices": ["x,y"]}, ["choices"]),
        ({"name": "a", "type": "choice", "choices": ["x", "x"]}, ["choices"]),
        ({"name": "a", "type": "number", "minimum": 2, "maximum": 1}, ["minimum"]),
        ({"name": "a", "type": "number", "bands": {"x": "many"}}, ["bands"]),
        ({"name": "a", "type": "text", "types": ["ticket"], "internal": 1}, ["types", "internal"]),
        ({"name": "a", "type": ["text"]}, ["type"]),
        ({"name": "a", "type": "number", "minimum": "1"}, ["minimum"]),
    ],
)
def test_every_mistake_in_a_declared_field_is_told(
    table: dict[str, Any], places: list[str]
) -> None:
    field, mistakes = read_field(table)
    assert field is None
    assert [place for place, _ in mistakes] == [(place,) for place in places]
