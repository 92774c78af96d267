"""Titles are one line that says something; ids sort by the time of opening."""

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.tickets.naming import MAX_TITLE_CHARACTERS, title_of

LABELS = {"alertname": "DiskFull", "instance": "db1", "team": "payments"}
TEXTS = st.dictionaries(st.sampled_from(["alertname", "instance", "summary", "x"]), st.text())


@pytest.mark.parametrize(
    ("template", "annotations", "title"),
    [
        ("{team}: {alertname}", {}, "payments: DiskFull"),
        ("{alertname} {summary}", {"summary": "90 %"}, "DiskFull 90 %"),
        ("{team}", {"team": "an annotation"}, "payments"),
        ("{nothing} {alertname}", {}, "DiskFull"),
        ("{nothing}", {"summary": "unused"}, "DiskFull on db1"),
        ("a { b } } {{alertname}}", {}, "a } {DiskFull}"),
        ("", {"summary": "Disk is full"}, "Disk is full"),
        ("", {"summary": " \n "}, "DiskFull on db1"),
        ("", {"summary": "two\nlines\tand  space"}, "two lines and space"),
        ("", {}, "DiskFull on db1"),
    ],
)
def test_a_title_is_the_template_else_the_summary_else_the_names(
    template: str, annotations: Mapping[str, str], title: str
) -> None:
    assert title_of(template, LABELS, annotations) == title


@pytest.mark.parametrize(
    ("labels", "title"),
    [
        ({"alertname": "Down"}, "Down"),
        ({"instance": "db1", "job": "node"}, "instance=db1, job=node on db1"),
        ({"a": "1", "b": "2", "c": "3", "d": "4"}, "a=1, b=2, c=3"),
        ({}, "alert"),
    ],
)
def test_an_alert_without_a_summary_is_named_by_its_labels(
    labels: Mapping[str, str], title: str
) -> None:
    assert title_of("", labels, {}) == title


@given(st.text(), TEXTS, TEXTS)
@example("x " * MAX_TITLE_CHARACTERS, {}, {})
def test_a_title_is_one_line_neither_empty_nor_too_long(
    template: str, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> None:
    title = title_of(template, labels, annotations)
    assert 0 < len(title) <= MAX_TITLE_CHARACTERS
    assert title.splitlines() == [title]
    assert title == title.strip()


def test_values_that_look_like_places_are_not_filled_in() -> None:
    assert title_of("{a}", {"a": "{b}", "b": "c"}, {}) == "{b}"
