"""Answers: JSON bodies, encoded once for all handlers."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

_encoder = msgspec.json.Encoder()


def json_answer(
    value: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> web.Response:
    """*value* may hold Structs, dataclasses, aware times (written with `Z`) and `msgspec.Raw`."""
    return web.Response(
        body=_encoder.encode(value), status=status, headers=headers, content_type=content_type
    )
