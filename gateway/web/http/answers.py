"""Answers: bodies encoded once for all endpoints, and what each may hold said by its type."""

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec
from aiohttp import web

_encoder = msgspec.json.Encoder()

View = TypeVar("View", bound=msgspec.Struct)
Told = TypeVar("Told", covariant=True)


class Answer(web.Response, Generic[Told]):
    """A response whose body is a *Told*: a typed view, a text, or None for nothing."""


class Refusing(web.Response):
    """A response that is no success: a problem document, or what Alertmanager would say."""


def json_answer(
    view: View, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer[View]:
    """*view* is a Struct."""
    return Answer(
        body=_encoder.encode(view), status=status, headers=headers, content_type="application/json"
    )


def json_refusal(
    told: msgspec.Struct | str,
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Refusing:
    """*told* may be a text that shall be a JSON string."""
    return Refusing(
        body=_encoder.encode(told), status=status, headers=headers, content_type=content_type
    )


def text_answer(text: bytes, content_type: str) -> Answer[str]:
    """*text* as it is; *content_type* with its parameters."""
    return Answer(body=text, headers={"Content-Type": content_type})


def empty_answer(status: int = 204, content_type: str | None = None) -> Answer[None]:
    """Nothing but a status."""
    return Answer(status=status, content_type=content_type)
