"""Headers that make a change conditional: If-Match, and Idempotency-Key."""

import re

from aiohttp import hdrs, web

from gateway.changes.command import StaleVersion
from gateway.changes.perform import MOST_KEY_CHARACTERS
from gateway.errors import Refused
from gateway.web.http.problems import HttpRefused

IDEMPOTENCY_KEY = "Idempotency-Key"
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')
_KEY = re.compile(rf"[\x21-\x7e]{{1,{MOST_KEY_CHARACTERS}}}")


def if_match(request: web.Request) -> int | None:
    """The version that the caller has seen, from If-Match; None if it does not say."""
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None or given.strip() == "*":
        return None
    match = _ETAG.fullmatch(given.strip())
    if match is None:
        raise Refused("If-Match must be an ETag that this API gave", code="bad_etag")
    return int(match[1])


def idempotency_key(request: web.Request) -> str | None:
    """Under which the request is done once, however often it is sent; None if it has none."""
    given = request.headers.get(IDEMPOTENCY_KEY)
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise Refused(
            f"{IDEMPOTENCY_KEY} must be 1 to {MOST_KEY_CHARACTERS} visible ASCII characters",
            code="bad_idempotency_key",
        )
    return given


def precondition_failed(error: StaleVersion) -> HttpRefused:
    """412: somebody else was first."""
    return HttpRefused(error.detail, error.code, status=412)
