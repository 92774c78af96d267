"""Severity words of senders become four levels; no word loses an alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.severity import DEFAULT_WORDS, Severity, severity_of


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ("critical page emergency disaster p0 p1 n9e-1", Severity.CRITICAL),
        ("error major high", Severity.HIGH),
        ("warning medium n9e-2", Severity.MEDIUM),
        ("info low n9e-3", Severity.LOW),
    ],
)
def test_words_of_senders_have_their_level(words: str, severity: Severity) -> None:
    assert {severity_of(word, DEFAULT_WORDS) for word in words.split()} == {severity}


@given(st.sampled_from(sorted(DEFAULT_WORDS)), st.sampled_from(["", " ", "\t"]))
def test_case_and_space_around_a_word_do_not_matter(word: str, space: str) -> None:
    assert severity_of(space + word.upper() + space, DEFAULT_WORDS) is DEFAULT_WORDS[word]


@given(st.text().filter(lambda word: word.strip().lower() not in DEFAULT_WORDS))
def test_an_unknown_word_is_medium(word: str) -> None:
    assert severity_of(word, DEFAULT_WORDS) is Severity.MEDIUM


def test_configured_words_are_added() -> None:
    words = {**DEFAULT_WORDS, "sev0": Severity.CRITICAL, "info": Severity.MEDIUM}
    assert severity_of("SEV0", words) is Severity.CRITICAL
    assert severity_of("info", words) is Severity.MEDIUM


def test_ranks_order_the_levels() -> None:
    by_rank = sorted(Severity, key=lambda severity: severity.rank, reverse=True)
    assert by_rank == [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW]
