"""Content-Encoding of requests: gzip and deflate, decoded in bounded pieces.

aiohttp's own decoding is switched off (`auto_decompress=False`): it answers corrupt data with 500,
passes unknown encodings through as if they were plain, and hides the bytes that signatures cover.
"""

import zlib
from collections.abc import Iterator, Sequence

from aiohttp import hdrs

from gateway.web.http.options import MIB
from gateway.web.http.problems import HttpRefused

PIECE_BYTES = MIB
"""At most this much is decoded at a time, so that the caller can count and let others run."""

MAX_MEMBERS = 64
"""Of one gzip body. Each costs as much as many bytes, and hardly any sender makes two."""

_GZIP_WINDOW = 31
_ZLIB_WINDOW = 15
_RAW_WINDOW = -15


class Inflater:
    """One compressed body. Feed it what arrives, take what comes out, then call `finish`."""

    def __init__(self, encoding: str, max_ratio: int) -> None:
        self._gzip = encoding == "gzip"
        self._max_ratio = max_ratio
        self._stream: zlib._Decompress | None = None
        self._taken = 0
        self._given = 0
        self._members = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Pieces of at most PIECE_BYTES; raises HttpRefused for corrupt data and for bombs."""
        self._taken += len(data)
        while data:
            if self._stream is None:
                self._stream = self._open(data[0])
            piece, data = self._step(self._stream, data)
            if piece:
                self._given += len(piece)
                self._check_ratio()
                yield piece

    def finish(self) -> None:
        """The body is over: refuse it if the compressed stream is not."""
        if self._stream is not None:
            raise _corrupt("it ends in the middle of the compressed data")

    def _open(self, first: int) -> "zlib._Decompress":
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise _corrupt(f"it has more than {MAX_MEMBERS} gzip members")
        if self._gzip:
            return zlib.decompressobj(_GZIP_WINDOW)
        # "deflate" means zlib's format (RFC 9110), but some send it without zlib's header.
        return zlib.decompressobj(_ZLIB_WINDOW if first & 0x0F == 8 else _RAW_WINDOW)

    def _step(self, stream: "zlib._Decompress", data: bytes) -> tuple[bytes, bytes]:
        try:
            piece = stream.decompress(data, PIECE_BYTES)
        except zlib.error as error:
            raise _corrupt(str(error)) from error
        if not stream.eof:
            return piece, stream.unconsumed_tail
        if stream.unused_data and not self._gzip:
            raise _corrupt("bytes follow the compressed data")
        self._stream = None  # of gzip, another member may follow
        return piece, stream.unused_data

    def _check_ratio(self) -> None:
        if self._given > max(PIECE_BYTES, self._max_ratio * self._taken):
            raise HttpRefused(
                f"the body decompresses to more than {self._max_ratio} times its size",
                "compression_ratio",
                status=413,
            )


def inflater_for(encodings: Sequence[str], max_ratio: int) -> Inflater | None:
    """None for a plain body; one of gzip or deflate, or refused with 415."""
    names = [name.strip().lower() for value in encodings for name in value.split(",")]
    coded = [name for name in names if name not in ("", "identity")]
    if not coded:
        return None
    if coded in (["gzip"], ["x-gzip"], ["deflate"]):
        return Inflater(coded[0].removeprefix("x-"), max_ratio)
    raise HttpRefused(
        f'unsupported content encoding "{",".join(coded)}", only one of [gzip,deflate] is accepted',
        "unsupported_content_encoding",
        status=415,
        headers={hdrs.ACCEPT_ENCODING: "gzip, deflate"},
    )


def _corrupt(why: str) -> HttpRefused:
    return HttpRefused(f"the body cannot be decompressed: {why}", "corrupt_encoding")
