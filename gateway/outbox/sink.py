"""What a sink is: the way out for messages, and the two ways in which it can fail."""

from dataclasses import dataclass
from typing import Protocol

from gateway.errors import Refused, Unavailable
from gateway.outbox.message import Message


@dataclass(eq=False)
class SinkRefused(Refused):
    """The receiver will never take this message (4xx but 408 and 429; 410): do not retry."""


@dataclass(eq=False)
class SinkUnavailable(Unavailable):
    """Try again later; `retry_after` is the receiver's wish in seconds, 0 if it had none."""

    retry_after: float = 0.0


class Sink(Protocol):
    """Delivers one message to one receiver, or raises SinkRefused or SinkUnavailable."""

    @property
    def name(self) -> str: ...

    async def deliver(self, message: Message) -> None: ...
