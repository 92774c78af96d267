"""A bad line between two programs, as a program of its own: what it does is said on its stdin.

    python -m tests.torture.proxy FROM TO       each `/path` of a socket, or `host:port`

Each line names a mode: `pass`; `swallow` (answers vanish), `blackhole` (nothing arrives, either
way), `reset` (connections are cut, new ones too), `slow` (each piece takes 200 ms each way).
"""

import asyncio
import os
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path

MODES = ("pass", "swallow", "blackhole", "reset", "slow")
SLOW_SECONDS = 0.2
_LINGER_NOT = struct.pack("ii", 1, 0)


class Line:
    """All connections of one proxy."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.mode = "pass"
        self._writers: set[asyncio.StreamWriter] = set()

    def turn(self, mode: str) -> None:
        """From now on. A connection that has lost something is cut when all is well again."""
        was, self.mode = self.mode, mode
        if mode == "reset" or was in ("swallow", "blackhole"):
            for writer in list(self._writers):
                cut(writer)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "reset":
            cut(writer)
            return
        try:
            far_reader, far_writer = await open_connection(self.target)
        except OSError:
            cut(writer)
            return
        self._writers |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, far_writer, answers=False))
                both.create_task(self._carry(far_reader, writer, answers=True))
        finally:
            self._writers -= {writer, far_writer}
            for one in (writer, far_writer):
                one.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(65536):
                if self.mode == "slow":
                    await asyncio.sleep(SLOW_SECONDS)
                if self.mode == "blackhole" or (self.mode == "swallow" and answers):
                    continue
                writer.write(piece)
                await writer.drain()
        with suppress(OSError):
            writer.close()


def cut(writer: asyncio.StreamWriter) -> None:
    """With a reset where the kind of socket knows one."""
    end = writer.get_extra_info("socket")
    if end is not None and end.family == socket.AF_INET:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()


async def open_connection(place: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if place.startswith("/"):
        return await asyncio.open_unix_connection(place)
    host, _, port = place.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def main(place: str, target: str) -> None:
    line = Line(target)
    if place.startswith("/"):
        server = await asyncio.start_unix_server(line.connected, place)
        Path(place).chmod(0o777)  # noqa: ASYNC240
    else:
        host, _, port = place.rpartition(":")
        server = await asyncio.start_server(line.connected, host, int(port))
    said = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(said), sys.stdin
    )
    print("ready", flush=True)
    async with server:
        while mode := (await said.readline()).decode().strip():
            line.turn(mode)
            print(mode, flush=True)
    os._exit(0)  # connections that are open need no farewell


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
