r"""The outline of a JSON text: its brackets and commas, without recursion, in steps.

Whatever the text is, a step looks at one piece of it: a list of the text between all its quotes
would take many times the text's own memory.
"""

from collections.abc import Iterator
from itertools import accumulate, compress

from gateway.intake.delivery.steps import Steps

PIECE_BYTES = 64 * 1024

_CLOSE, _COMMA, _OPEN = 0, 1, 2
_CHANGE = (-1, 0, 1)
"""Of the depth, by what stands in an outline."""
_CODES = bytes.maketrans(b"]},[{", bytes([_CLOSE, _CLOSE, _COMMA, _OPEN, _OPEN]))
_NO_OUTLINE = bytes(set(range(256)) - set(b"[]{},"))
_ONLY_COMMAS = bytes.maketrans(bytes([_OPEN]), bytes([0]))
"""Leaves 1 for a comma, 0 for all else."""


def pieces_of(text: bytes) -> Iterator[bytes]:
    r"""*text* in pieces, none of which ends between a backslash and what it escapes."""
    start = 0
    while start < len(text):
        piece = text[start : start + PIECE_BYTES]
        backslashes = len(piece) - len(piece.rstrip(b"\\"))
        if backslashes % 2 and start + len(piece) < len(text):
            piece = piece[:-1]
        yield piece
        start += len(piece)


def _outline(text: bytes) -> Iterator[bytes]:
    """The brackets and commas outside of strings, in codes, piece by piece."""
    quoted = 0
    for piece in pieces_of(text):
        parts = piece.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
        outside = b"".join(parts[quoted::2])
        quoted = (quoted + len(parts) - 1) % 2
        yield outside.translate(_CODES, _NO_OUTLINE)


def deeper_than(text: bytes, levels: int) -> Steps[bool]:
    """Is *text* nested more than *levels* deep anywhere?"""
    depth = 0
    for codes in _outline(text):
        brackets = codes.replace(bytes([_COMMA]), b"")
        if depth + len(brackets) > levels:
            depths = accumulate(map(_CHANGE.__getitem__, brackets), initial=depth)
            if max(depths) > levels:
                return True
        depth += 2 * brackets.count(_OPEN) - len(brackets)
        yield
    return False


def commas_at(text: bytes, level: int, most: int) -> Steps[int]:
    """How many commas stand exactly *level* deep; counting ends beyond *most*."""
    depth = count = 0
    for codes in _outline(text):
        depths = list(accumulate(map(_CHANGE.__getitem__, codes), initial=depth))
        commas = codes.translate(_ONLY_COMMAS)
        count += list(compress(depths, commas)).count(level)
        if count > most:
            return count
        depth = depths[-1]
        yield
    return count


def more_values_than(text: bytes, most: int) -> Steps[bool]:
    """Does *text* have more than about *most* values: brackets and commas outside of strings?"""
    if len(text) <= most or len(text) - len(text.translate(None, b"[]{},")) <= most:
        return False
    count = 0
    for codes in _outline(text):
        count += len(codes)
        if count > most:
            return True
        yield
    return False
