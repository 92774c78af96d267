"""The atomic operations in Redis: one `.lua` file each."""

import hashlib
from importlib.resources import files
from typing import Any, Protocol

from redis.exceptions import NoScriptError, RedisClusterException, RedisError

FAILURES = (RedisError, RedisClusterException, OSError, TimeoutError)
"""All that a client raises when Redis does not do what it is asked."""


class Client(Protocol):
    """What all of redis-py's clients can do."""

    async def execute_command(self, *arguments: Any) -> Any:
        """One command; raises RedisError, OSError."""


class Script:
    """A script by its name. Redis forgets scripts: then the whole text is sent again."""

    def __init__(self, name: str) -> None:
        text = files("gateway.storage.redis").joinpath("lua", f"{name}.lua").read_bytes()
        self._text = text
        self._digest = hashlib.sha1(text, usedforsecurity=False).hexdigest()

    async def __call__(
        self, client: Client, keys: list[bytes], *arguments: bytes | int | str
    ) -> Any:
        """Run it; all *keys* carry one hash tag."""
        try:
            return await client.execute_command(
                "EVALSHA", self._digest, len(keys), *keys, *arguments
            )
        except NoScriptError:
            return await client.execute_command("EVAL", self._text, len(keys), *keys, *arguments)


ABSORB, CONFIRM, VOID, DUE = (Script(name) for name in ("absorb", "confirm", "void", "due"))
