r"""Lone surrogates: `\ud800` without its other half, which JSON can write and no UTF-8 can hold."""

import re

from gateway.intake.delivery.steps import Steps
from gateway.reading.outline import PIECE_BYTES, pieces_of

_MARK = 0xFF
"""Stands for the backslashes of `\\\\` meanwhile: no byte of UTF-8."""
_MARKED = bytes([_MARK, _MARK])
_UNMARK = bytes.maketrans(bytes([_MARK]), b"\\")
_HIGH = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE = re.compile(rb"%b(?!%b)|(?<!%b)%b" % (_HIGH, _LOW, _HIGH, _LOW))
_REPLACEMENT = rb"\\ufffd"
_AROUND = 12
"""Bytes beside an escape, within two of which stand the halves that it may belong to."""


def may_hold_surrogates(text: bytes) -> bool:
    """Quick, and True for pairs too."""
    return rb"\ud" in text or rb"\uD" in text


def without_lone_surrogates(text: bytes) -> Steps[bytes]:
    """*text* (UTF-8) with U+FFFD in their places; of the same length."""
    if not may_hold_surrogates(text):
        return text
    marked = []
    for piece in pieces_of(text):  # so that every backslash left begins an escape
        marked.append(piece.replace(rb"\\", _MARKED))
        yield
    escapes = b"".join(marked)
    repaired = []
    for start in range(0, len(escapes), PIECE_BYTES):
        begin = max(0, start - _AROUND)
        window = escapes[begin : start + PIECE_BYTES + _AROUND]
        mended = _LONE.sub(_REPLACEMENT, window)[start - begin :][:PIECE_BYTES]
        repaired.append(mended.translate(_UNMARK))
        yield
    return b"".join(repaired)
