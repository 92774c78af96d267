"""Tokens: what a caller presents, and what is kept of it.

`agw_KIND_ID_SECRET`: a prefix for those who scan for leaked secrets, the id by which it is looked
up, 43 characters from 32 random bytes, and a checksum that tells a typing mistake by itself. What
is kept is SHA-256 of the secret: it is too long to be guessed, so nothing slower is needed.
"""

import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from hashlib import sha256

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_BYTES, _SECRET_LENGTH, _ID_LENGTH, _CHECK_LENGTH = 32, 43, 8, 6
OF_USER, OF_ROLE = "u", "t"
"""Kinds: acts as one user; acts as a role alone."""
_TOKEN = re.compile(
    rf"agw_([{OF_USER}{OF_ROLE}])_([0-9A-Za-z]{{{_ID_LENGTH}}})"
    rf"_([0-9A-Za-z]{{{_SECRET_LENGTH}}})([0-9A-Za-z]{{{_CHECK_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class Presented:
    """A token as it was presented: well-formed, and not yet known to be anybody's."""

    id: str
    """`t_…`, as it is kept and as history names it."""
    digest: bytes
    """SHA-256 of the secret, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token. *text* is shown once and kept nowhere."""

    id: str
    digest: bytes
    text: str = field(repr=False)


def mint(kind: str) -> Minted:
    """A new token of *kind*."""
    key = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
    secret = _in_letters(secrets.token_bytes(_SECRET_BYTES), _SECRET_LENGTH)
    body = f"agw_{kind}_{key}_{secret}"
    return Minted(f"t_{key}", sha256(secret.encode()).digest(), body + _check(body))


def presented(text: str) -> Presented | None:
    """What *text* presents; None if it is no token of ours, or has been mistyped."""
    match = _TOKEN.fullmatch(text)
    if match is None or not hmac.compare_digest(_check(text[:-_CHECK_LENGTH]), match[4]):
        return None
    return Presented(f"t_{match[2]}", sha256(match[3].encode()).digest())


def is_same(digest: bytes, kept: bytes) -> bool:
    """In a time that does not tell how much of it is the same."""
    return hmac.compare_digest(digest, kept)


def _check(body: str) -> str:
    return _in_letters(zlib.crc32(body.encode()).to_bytes(4, "big"), _CHECK_LENGTH)


def _in_letters(given: bytes, length: int) -> str:
    number, digits = int.from_bytes(given, "big"), []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
