"""Tokens: what is minted is known again, and what is mistyped is known to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.token import OF_ROLE, OF_USER, is_same, mint, presented

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
kinds = st.sampled_from([OF_USER, OF_ROLE])


@given(kinds)
def test_what_was_minted_is_presented_with_its_id_and_its_digest(kind: str) -> None:
    minted = mint(kind)
    shown = presented(minted.text)
    assert shown is not None
    assert shown.id == minted.id
    assert is_same(shown.digest, minted.digest)
    assert minted.text.startswith(f"agw_{kind}_")


@given(kinds, st.data())
def test_one_changed_character_is_told_by_the_checksum(kind: str, data: st.DataObject) -> None:
    text = mint(kind).text
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(LETTERS + "_ é").filter(lambda one: one != text[place]))
    assert presented(text[:place] + other + text[place + 1 :]) is None


@given(st.text())
def test_what_is_no_token_of_ours_presents_nothing(text: str) -> None:
    assert presented(text) is None


@pytest.mark.parametrize("cut", [1, 6, 49, 60])
def test_a_token_that_was_cut_presents_nothing(cut: int) -> None:
    assert presented(mint(OF_USER).text[:-cut]) is None


def test_a_token_is_in_no_repr_of_what_was_minted() -> None:
    minted = mint(OF_ROLE)
    assert minted.text not in repr(minted)


def test_no_two_tokens_are_one() -> None:
    assert len({mint(OF_ROLE).text for _ in range(1000)}) == 1000
