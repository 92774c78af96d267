"""A process with a journal, to be killed: `python -m tests.storage.journal.child VERB ROOT`."""

import asyncio
import ctypes
import errno
import json
import os
import platform
import signal
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway.intake.journal import JournalFull
from gateway.storage.journal.journal import SegmentJournal
from tests.storage.journal.journals import append, bodies, opened, read_all

_SYSCALLS = {"x86_64": (317, 296, 328), "aarch64": (277, 70, 287)}
"""Per machine: seccomp, pwritev, pwritev2."""


def say(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def append_and_die(journal: SegmentJournal) -> None:
    """The kill follows the answer without anything between."""
    await append(journal, b"answered")
    die()


async def append_for_ever(journal: SegmentJournal) -> None:
    """Says `seq number` after each answer; the body is the number, a thousand times."""

    async def appender(first: int) -> None:
        for number in range(first, 10**9, 16):
            seq = await append(journal, b"%d," % number * 1000)
            say(f"{seq} {number}")

    async with asyncio.TaskGroup() as group:
        for first in range(16):
            group.create_task(appender(first))


async def hold(journal: SegmentJournal) -> None:
    """Keeps its slot until killed."""
    say("open")
    await asyncio.Event().wait()


async def begin_and_die(journal: SegmentJournal) -> None:
    """Begins the first record of what was left, and is killed by it."""
    (leftover,) = journal.leftovers()
    (record, *_) = await leftover.read(0, 1)
    say(str(await leftover.begin(record.seq)))
    die()


async def write_fails_once(journal: SegmentJournal) -> None:
    """Writing the first segment fails from its second record on; says what came of it."""
    before = await append(journal, b"before")
    fail_writes_of(open_file(".segment"))
    try:
        await append(journal, b"fate unknown")
        failed = False
    except JournalFull:
        failed = True
    after = await append(journal, b"after")
    read = [body.decode() for body in bodies(await read_all(journal))]
    say(json.dumps({"before": before, "failed": failed, "after": after, "read": read}))
    die()


def open_file(ending: str) -> int:
    """The descriptor of the one open file whose name ends so."""
    (found,) = [
        int(link.name)
        for link in Path("/proc/self/fd").iterdir()
        if link.is_symlink() and link.readlink().name.endswith(ending)
    ]
    return found


def fail_writes_of(descriptor: int) -> None:
    """From now on the kernel answers EIO to what is written to this descriptor (seccomp)."""
    seccomp, pwritev, pwritev2 = _SYSCALLS[platform.machine()]
    load, equal, answer = 0x20, 0x15, 0x06
    allow, fail = 0x7FFF0000, 0x00050000 | errno.EIO
    program = [
        (load, 0, 0, 0),  # the system call's number
        (equal, 1, 0, pwritev),
        (equal, 0, 3, pwritev2),
        (load, 0, 0, 16),  # its first argument
        (equal, 0, 1, descriptor),
        (answer, 0, 0, fail),
        (answer, 0, 0, allow),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    head = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_filter, all_threads = 38, 1, 1
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.syscall(
        seccomp, set_filter, all_threads, head
    ):
        raise OSError(ctypes.get_errno(), "this kernel takes no seccomp filter")


VERBS: dict[str, Callable[[SegmentJournal], Awaitable[None]]] = {
    "append-and-die": append_and_die,
    "append-for-ever": append_for_ever,
    "hold": hold,
    "begin-and-die": begin_and_die,
    "write-fails-once": write_fails_once,
}


async def main(verb: str, root: Path) -> None:
    async with opened(root) as journal:
        await VERBS[verb](journal)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
