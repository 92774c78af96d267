"""Of every option there is, also of one added tomorrow: its mistakes are told, all at once."""

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.alerts.identity import Identifier
from gateway.alerts.rule import DEFAULT_RULE
from gateway.alerts.sighting import Sighting
from gateway.config import Config, ConfigError
from gateway.config.problems import Place
from gateway.config.problems import written as toml_key
from gateway.config.secret_files import FILE_SUFFIX
from gateway.config.values import choices_of
from gateway.intake.delivery.source import MalformedPayload
from gateway.tickets.naming import title_of
from tests.config.every_option import ANY_NAME, Option, every_option
from tests.config.writer import Writer, as_toml

EVERY = list(every_option())
WRONG = datetime(1979, 5, 27, tzinfo=UTC)
"""No option is a time."""
NOW = datetime(2026, 3, 4, tzinfo=UTC)
FIXTURE_IS_SHARED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
"""Each example writes the one file anew; the first also builds the reader."""


def document_with(values: Iterable[tuple[Place, object]]) -> dict[str, Any]:
    """Arrays have one element."""
    document: dict[str, Any] = {}
    for place, value in values:
        put(document, place, value)
    return document


def put(inside: Any, place: Place, value: object) -> None:
    step, *rest = place
    if not rest:
        inside[step] = value
        return
    if isinstance(inside, dict):
        inside.setdefault(step, [{}] if rest[0] == 0 else {})
    put(inside[step], tuple(rest), value)


def lines_of(table: dict[str, Any], around: Place = ()) -> Iterator[tuple[str, Place]]:
    """TOML with one value a line, each line with the place of what it begins."""
    inner = {key: value for key, value in table.items() if is_table(value)}
    for key, value in table.items():
        place = (*around, key)
        if isinstance(value, list) and key not in inner:
            yield f"{as_toml(key)} = [", place
            yield f"  {as_toml(value[0])}", (*place, 0)
            yield "]", ()
        elif key not in inner:
            yield f"{as_toml(key)} = {as_toml(value)}", place
    for key, value in inner.items():
        keys = ".".join(as_toml(step) for step in (*around, key) if isinstance(step, str))
        if isinstance(value, list):
            yield f"[[{keys}]]", (*around, key, 0)
            yield from lines_of(value[0], (*around, key, 0))
        else:
            yield f"[{keys}]", (*around, key)
            yield from lines_of(value, (*around, key))


def is_table(value: object) -> bool:
    return isinstance(value[0] if isinstance(value, list) else value, dict)


def in_files(options: Iterable[Option]) -> list[Option]:
    return [
        dataclasses.replace(option, place=(*option.place[:-1], f"{option.place[-1]}{FILE_SUFFIX}"))
        for option in options
        if option.is_secret
    ]


@pytest.mark.parametrize("options", [EVERY, in_files(EVERY)], ids=["plain", "in files"])
def test_a_mistake_in_every_option_at_once_is_told_with_every_line(
    written: Writer, options: list[Option]
) -> None:
    wrong = {option.place: option for option in options if option.kind is not Any}
    document = document_with([(place, WRONG) for place in wrong])
    document.setdefault("sources", {}).setdefault("custom", {})
    if options is EVERY:
        document["sources"]["mapped"]["kind"] = "mapped"
        document["sources"]["mapped"]["examples"][0]["in"] = "{}"
    else:
        document["sources"]["mapped"] |= {
            "labels": {"a": "b"},
            "examples": [{"in": "{}", "out": {}}],
        }
    lines = list(lines_of(document))
    told = {p.key: p for p in written.problems("\n".join(line for line, _ in lines))}
    expected = {toml_key(place): n for n, (_, place) in enumerate(lines, 1) if place in wrong}
    assert {key: problem.line for key, problem in told.items()} == expected
    assert len(expected) == len(wrong)
    for place, option in wrong.items():
        for choice in choices_of(option.kind):
            assert as_toml(choice) in told[toml_key(place)].message


def test_an_unknown_key_in_every_table_at_once_is_told_with_every_line(written: Writer) -> None:
    tables = {option.place[:-1] for option in EVERY if isinstance(option.place[-1], str)}
    free = {option.place[:-1] for option in EVERY if option.place[-1] == ANY_NAME}
    wrong = {(*table, "colour") for table in tables - free}
    lines = list(lines_of(document_with([(place, 1) for place in sorted(wrong, key=len)])))
    told = {p.key: p.line for p in written.problems("\n".join(line for line, _ in lines))}
    expected = {toml_key(place): n for n, (_, place) in enumerate(lines, 1) if place in wrong}
    assert expected.items() <= told.items()


TEXTS = st.text(max_size=8) | st.sampled_from(
    [
        *("", "30m", "0s", "1ms", "3653d", "99999w", "true", "critical", "ticket.created"),
        *("{alertname}", "{alertname in {cluster}", "a=b", '{a=~"b|c", d!="e"}', "a=~(", "{}"),
        *(
            ":1",
            "[::1]:80",
            "127.0.0.1:99999",
            "h:1",
            "a..b:1",
            "http://x",
            "http://[",
            "http://:x",
        ),
        *("redis://h", "unix:///x", "redis+sentinel://h", "postgresql://a@b/c", "custom", "mapped"),
        *("labels.a", "a[", "join(',', @)", "unclaimed", "info", "json", "a\0b", "/", "..", "nope"),
    ]
)
VALUES = st.recursive(
    TEXTS
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.integers(0, 3)
    | st.floats()
    | st.datetimes()
    | st.dates()
    | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [*{option.place[: n + 1] for option in EVERY for n in range(len(option.place))}]
)


@FIXTURE_IS_SHARED
@given(st.dictionaries(PLACES, VALUES, min_size=1, max_size=4))
def test_any_value_at_any_option_gives_options_that_work_or_problems_with_lines(
    written: Writer, values: dict[Place, object]
) -> None:
    document = document_with((place, values[place]) for place in outermost(values))
    text = "".join(f"{as_toml(key)} = {as_toml(value)}\n" for key, value in document.items())
    try:
        config = written.load(text)
    except ConfigError as error:
        assert error.problems
        assert all(problem.line for problem in error.problems), str(error)
    else:
        use(config)


def outermost(places: Iterable[Place]) -> Iterator[Place]:
    """Without those that lie in another: there can be only one value."""
    kept: list[Place] = []
    for place in sorted(places, key=len):
        if not any(place[: len(outer)] == outer for outer in kept):
            kept.append(place)
            yield place


SAMPLE = Sighting(0, True, b'{"alertname":"A","cluster":"c"}', b"{}")


def use(config: Config) -> None:
    """What is done with options before anything is sent or received."""
    for span in durations_in(config):
        assert NOW - span < NOW < NOW + 3 * span
        assert span.total_seconds() > 0
    identifier = Identifier(b"s" * 32, config.rules, config.severity)
    for source in config.sources.values():
        identity = identifier.identify(1, source.name, SAMPLE)
        assert "\0" not in title_of(identity.rule.title, {"alertname": "A"}, {})
        with suppress(MalformedPayload):
            source.parse(b"{}", NOW)
    for rule in (*config.rules, DEFAULT_RULE):
        assert rule.window / 4
    assert "\0" not in repr(config)


def durations_in(options: Any) -> Iterator[timedelta]:
    if isinstance(options, timedelta):
        yield options
    elif dataclasses.is_dataclass(options):
        for field in dataclasses.fields(options):
            yield from durations_in(getattr(options, field.name))
    elif isinstance(options, tuple):
        for each in options:
            yield from durations_in(each)
    elif isinstance(options, dict):
        yield from durations_in(tuple(options.values()))
