r"""What stands between double quotes, decoded: Go's escapes, and leniency for `"\d+"`."""

import re

from matchers.errors import MatcherSyntaxError

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL
)
_SINGLE = {
    "a": b"\a", "b": b"\b", "f": b"\f", "n": b"\n", "r": b"\r", "t": b"\t", "v": b"\v",
    "\\": b"\\", '"': b'"',
}  # fmt: skip


def unquote(body: str, position: int, *, pattern: bool) -> str:
    r"""Decode what stands between two double quotes, the first of them at *position*.

    Escapes are Go's: `\a \b \f \n \r \t \v \\ \" \xHH \ooo \uXXXX \UXXXXXXXX`, the numbered ones
    bytes of UTF-8 (`\xHH`, `\ooo`) or code points. Whatever else follows a backslash stays as it is
    written, backslash included, so that a *pattern* can say `"\d+"`. In a pattern `\b` is refused:
    Go reads a backspace, Alertmanager's classic parser a word boundary, and people mean the latter.
    """
    break_at = body.find("\n")
    if break_at >= 0:
        raise MatcherSyntaxError(r"a line break in quotes is written \n", position + 1 + break_at)
    if "\\" not in body:
        return body
    decoded, done = bytearray(), 0
    for escape in _ESCAPE.finditer(body):
        if pattern and escape[5] == "b":
            raise MatcherSyntaxError(
                r"\b would be a backspace here; a word boundary is written \\b",
                position + 1 + escape.start(),
            )
        decoded += body[done : escape.start()].encode() + _decoded(escape)
        done = escape.end()
    decoded += body[done:].encode()
    try:
        return decoded.decode()
    except UnicodeDecodeError:
        raise MatcherSyntaxError("the escapes do not make valid UTF-8", position) from None


def _decoded(escape: re.Match[str]) -> bytes:
    byte, octal, short, long, single = escape.groups()
    if byte or octal:
        return bytes((int(byte, 16) if byte else int(octal, 8),))
    if short or long:
        number = int(short or long, 16)
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            return escape[0].encode()
        return chr(number).encode()
    return _SINGLE.get(single, escape[0].encode())
