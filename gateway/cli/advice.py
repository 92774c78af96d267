"""What to do about an error that ended a command: the error says what was wrong."""

import errno

import asyncpg

from gateway.storage.postgres.kernel.connect import PostgresAway

_BY_NUMBER = {
    errno.EADDRINUSE: "another program listens there: stop it, or set [http] listen",
    errno.EADDRNOTAVAIL: "this machine has no such address: set [http] listen to one that it has",
    errno.EACCES: "this user may not: allow it, or set data_dir and [http] listen to others",
    errno.EROFS: "nothing can be written there: set data_dir",
    errno.ENOSPC: "make room, or set data_dir to a larger disk",
}
_POSTGRES = "see [postgres] url: is the server there, and are database, user and password right?"


def with_advice(error: Exception) -> str:
    """Its text, and what comes next where the text does not say it."""
    return "; ".join(filter(None, (str(error), _advice_for(error))))


def _advice_for(error: Exception) -> str | None:
    if isinstance(error, PostgresAway):
        says_it = isinstance(error.__cause__, asyncpg.InvalidParameterValueError)  # of our role
        return None if says_it else _POSTGRES
    return _BY_NUMBER.get(error.errno or 0) if isinstance(error, OSError) else None
