"""What a request says of its caller."""

import base64
import binascii
import re

from aiohttp import hdrs, web

from gateway.errors import Refused
from gateway.web.http.gate.turned_away import without_credentials

_ACTOR = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_OURS = b"agw_"


def token_in(request: web.Request) -> bytes:
    """The Bearer token, or the password of Basic (any user name); b"" if it is neither. Raises
    TurnedAway without credentials.
    """
    header = request.headers.get(hdrs.AUTHORIZATION)
    if header is None:
        raise without_credentials()
    scheme, _, credentials = header.partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        return credentials.encode("utf-8", "surrogateescape")
    if scheme.lower() != "basic":
        return b""
    try:
        decoded = base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return decoded.partition(b":")[2]


def has_token_of_ours(request: web.Request) -> bool:
    """Who sends one wants to be who it says, also where nobody is asked."""
    return hdrs.AUTHORIZATION in request.headers and token_in(request).startswith(_OURS)


def claimed_actor(request: web.Request) -> str | None:
    """Raises Refused for what is no name."""
    claimed = request.headers.get("X-Actor")
    if claimed is not None and not _ACTOR.fullmatch(claimed):
        raise Refused("X-Actor must be 1 to 64 characters of A-Z a-z 0-9 . _ @ -", "bad_actor")
    return claimed
