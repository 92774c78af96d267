"""A body is read and checked once: what can be named is kept, what cannot is told apart from it."""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import pytest

from gateway.alerts.identity import IdentityCache
from gateway.alerts.sighting import Sighting
from gateway.errors import NotFound
from gateway.intake.delivery.checker import Checker, Source
from gateway.intake.delivery.source import Delivery, MalformedPayload, Parse, Rejected, SourceKind
from gateway.intake.delivery.steps import Steps
from tests.alerts.identities import at, identifier, sighting

SHAPELESS = Rejected(9, "/9: not an object", "shape", b"7")


def parse(body: bytes, received_at: datetime) -> Steps[Delivery]:
    """One label set a line."""
    yield
    if not body:
        raise MalformedPayload("nothing there", code="empty")
    lines = enumerate(body.split(b"\n"))
    found = [sighting(line, ends_at=received_at, source_fingerprint=str(n)) for n, line in lines]
    return Delivery(found, [SHAPELESS], truncated=3)


def opened(_options: Mapping[str, object]) -> Parse:
    return parse


LINES = Source(
    "lines",
    SourceKind(kind="lines", open=opened),
    parse,
    timedelta(minutes=5),
)


@pytest.fixture
def checker() -> Checker:
    return Checker({"lines": LINES}, IdentityCache(identifier(ignored=["replica"])))


def test_a_bad_label_set_does_not_take_the_others_along(checker: Checker) -> None:
    body = b'{"a":"1"}\n{"a":1}\n{}\n{"a":"2","replica":"x"}'
    checked = checker.check(checker.source("lines"), 1, body, at(1))
    assert [identity.alert_labels for identity in checked.identities] == [
        b'{"a":"1"}', b'{"a":"2"}',
    ]  # fmt: skip
    assert [one.source_fingerprint for one in checked.sightings] == ["0", "3"]
    bad = [one for one in checked.rejected if one.reason == "labels"]
    assert [one.raw for one in bad] == [
        b'{"sighting":{"labels":{"a":1},"annotations":{},"firing":true,"source_fingerprint":"1"}}',
        b'{"sighting":{"labels":{},"annotations":{},"firing":true,"source_fingerprint":"2"}}',
    ]
    assert all(one.error.startswith("labels: ") for one in bad)


def test_what_the_adapter_rejected_and_left_out_is_passed_on(checker: Checker) -> None:
    checked = checker.check(checker.source("lines"), 1, b'{"a":"1"}', at(1))
    assert (checked.rejected, checked.truncated) == ([SHAPELESS], 3)
    assert checked.resolve_timeout == timedelta(minutes=5)


def test_a_body_that_cannot_be_read_is_refused_whole(checker: Checker) -> None:
    with pytest.raises(MalformedPayload, match="nothing there"):
        checker.check(checker.source("lines"), 1, b"", at(1))


def test_read_again_a_record_gives_the_same(checker: Checker) -> None:
    body = b'{"a":"1"}\n{"b":"2"}'
    again = Checker({"lines": LINES}, IdentityCache(identifier(ignored=["replica"])))
    one, other = (each.check(LINES, 1, body, at(1)) for each in (checker, again))
    assert one.sightings == other.sightings
    assert [named.strand for named in one.identities] == [
        named.strand for named in other.identities
    ]


def test_a_source_that_is_not_configured_is_not_found_and_the_others_are_named(
    checker: Checker,
) -> None:
    with pytest.raises(NotFound, match="'nothing'; there are lines") as missing:
        checker.source("nothing")
    assert missing.value.code == "unknown_source"


def test_what_is_known_of_a_strand_is_found_by_its_name(checker: Checker) -> None:
    (identity,) = checker.check(LINES, 1, b'{"a":"1"}', at(1)).identities
    assert checker.memory(1, identity.strand) is identity.memory
    assert checker.memory(2, identity.strand) is None


def test_a_seed_that_is_learnt_in_the_midst_of_a_body_holds_for_all_of_it() -> None:
    class Learning(list[Sighting]):
        """Somebody else has a turn after the first."""

        def __iter__(self) -> Iterator[Sighting]:
            for number, one in enumerate(super().__iter__()):
                yield one
                if number == 0:
                    checker.adopt(learnt)

    def learning(body: bytes, received_at: datetime) -> Steps[Delivery]:
        yield
        return Delivery(Learning([sighting(b'{"a":"1"}'), sighting(b'{"a":"2"}')]))

    learnt = IdentityCache(identifier(seed=b"\1" * 32))
    source = dataclasses.replace(LINES, parse=learning)
    checker = Checker({"lines": source}, IdentityCache(identifier()))
    checked = checker.check(source, 1, b"", at(1))
    assert checked.identities == [
        learnt.identify(1, "lines", one) for one in (sighting(b'{"a":"1"}'), sighting(b'{"a":"2"}'))
    ]
