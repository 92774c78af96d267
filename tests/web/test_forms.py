"""Forms: what is wrong is named by a JSON pointer."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from gateway.errors import Refused
from gateway.web.http.forms import BadParameters, Form, decode_form, decode_query


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(Form):
    name: str
    count: int = 0
    colour: Colour = Colour.RED
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    matchers: Annotated[str, msgspec.Meta(examples=['{a="b"}'])] | msgspec.UnsetType = msgspec.UNSET


class Outer(Form):
    comment: str
    inner: tuple[Inner, ...] = ()
    numbers: dict[str, int] | None = None
    anything: object = None


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        (b"{}", "/comment", "missing required field"),
        (b'{"comment":1}', "/comment", "Expected `str`"),
        (b'{"comment":"x","zzz":1}', "/zzz", "unknown field"),
        (b'{"comment":"x","a.b/c~d":1}', "/a.b~1c~0d", "unknown field"),
        (b'{"comment":"x","`":1}', "/`", "unknown field"),
        (b'{"comment":"x","inner":[{"name":"a"},{}]}', "/inner/1/name", "missing"),
        (
            b'{"comment":"x","inner":[{"name":"a"},{"name":"a","count":"1"}]}',
            "/inner/1/count",
            "int",
        ),
        (b'{"comment":"x","inner":[{"name":"a","x":1}]}', "/inner/0/x", "unknown field"),
        (b'{"comment":"x","numbers":{"a":"b"}}', "/numbers/...", "Expected `int`"),
        (b"[]", "", "Expected `object`"),
        (b'{"comment":"a\\u0000b"}', "/comment", "U+0000"),
        (b'{"comment":"x","anything":[1,{"k":"\\u0000"}]}', "/anything/1/k", "U+0000"),
        (b'{"comment":"x","anything":{"\\u0000":1}}', "/anything", "U+0000"),
        (rb'{"comment":"a\ud800"}', "/comment", r"\ud800 is half a surrogate pair"),
        (rb'{"comment":"\ud83d\ude00","anything":[{"a/b":"\uDFFF"}]}', "/anything/0/a~1b", "udfff"),
        (rb'{"comment":"x","anything":{"\udc00":1}}', "/anything", "half a surrogate pair"),
    ],
)
def test_the_field_to_blame_is_named(body, pointer, says):
    with pytest.raises(Refused) as caught:
        decode_form(body, Outer)
    [blamed] = caught.value.errors
    assert blamed.pointer == pointer
    assert says in blamed.detail
    assert caught.value.code == "invalid_body"


@pytest.mark.parametrize(
    ("field", "says"),
    [
        (b'"colour":"green"', "Invalid enum value 'green'; must be one of red, blue"),
        (b'"colour":1', "must be one of red, blue"),
        (b'"at":"2h"', 'as in "2026-03-04T05:06:07Z"'),
        (b'"at":"2026-03-04T05:06:07"', 'as in "2026-03-04T05:06:07Z"'),
        (b'"at":5', 'as in "2026-03-04T05:06:07Z"'),
        (b'"matchers":[{"name":"a"}]', r'as in "{a=\"b\"}"'),
        (b'"x":1', "unknown field `x`; there are at, colour, count, matchers, name"),
    ],
)
def test_what_would_be_right_is_said_wherever_it_is_wrong(field, says):
    inner = b'{"name":"a",' + field + b"}"
    for body, form in ((inner, Inner), (b'{"comment":"x","inner":[' + inner + b"]}", Outer)):
        with pytest.raises(Refused) as caught:
            decode_form(body, form)
        assert says in caught.value.errors[0].detail


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b" \n", "empty_body"),
        (b"nul", "malformed_json"),
        (b'{"comment":"x"} x', "malformed_json"),
        (b'{"comment":"\xff"}', "malformed_json"),
        (b'{"comment":"\\ud800" x}', "malformed_json"),
        (b'{"comment":"x","anything":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "malformed_json"),
    ],
)
def test_what_is_not_json_is_refused(body, code):
    with pytest.raises(Refused) as caught:
        decode_form(body, Outer)
    assert caught.value.code == code


def test_an_escaped_backslash_before_u0000_is_no_nul():
    assert decode_form(rb'{"comment":"\\u0000"}', Outer).comment == "\\u0000"


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(body):
    try:
        decode_form(body, Outer)
    except Refused:
        return
    assert msgspec.json.decode(body)


@given(st.builds(Outer, comment=st.text(st.characters(exclude_characters="\0", codec="utf-8"))))
def test_what_is_valid_comes_back(form):
    assert decode_form(msgspec.json.encode(form), Outer) == form


def test_a_query_without_what_it_must_have_is_refused_by_name() -> None:
    with pytest.raises(BadParameters) as refused:
        decode_query(MultiDict(count="3"), Inner)
    assert [(one.pointer, one.detail) for one in refused.value.errors] == [("/name", "is required")]
    assert decode_query(MultiDict(name="a", count="3"), Inner) == Inner(name="a", count=3)
