"""What an error of PostgreSQL asks for: bisect, repeat, wait or stop. Decided by SQLSTATE alone.

Source: PostgreSQL manual, "Appendix A. PostgreSQL Error Codes".
"""

from enum import Enum

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from gateway.backoff import BackOff
from gateway.errors import Unavailable


class Failure(Enum):
    """What to do next."""

    DATA = "data"
    """A value of the batch is to blame: find it, set it aside, keep the rest."""
    RETRY = "retry"
    """Two transactions met: repeat the whole of ours, after a random moment."""
    OUTAGE = "outage"
    """The server or the way to it is away: wait, on a new connection."""
    STOP = "stop"
    """A mistake of ours, or damage: repeating cannot help, a person must look."""


MEETING = BackOff(first_seconds=0.02, spread=1.0)
"""Before what met another transaction is repeated: anywhen up to that, or they meet again."""

_BY_STATE = {
    "23502": Failure.DATA,  # not_null_violation
    "23514": Failure.DATA,  # check_violation
    "23505": Failure.RETRY,  # unique_violation: somebody else was first
    "25006": Failure.OUTAGE,  # read_only_sql_transaction: a standby, or a disk near full
    "25P03": Failure.RETRY,  # idle_in_transaction_session_timeout
    "55P03": Failure.RETRY,  # lock_not_available
    "57014": Failure.RETRY,  # query_canceled: statement_timeout
}
"""Before the classes: the single states that differ from theirs."""

_BY_CLASS = {
    "08": Failure.OUTAGE,  # connection exception
    "22": Failure.DATA,  # data exception
    "28": Failure.OUTAGE,  # invalid authorization: a password in change
    "3D": Failure.OUTAGE,  # invalid catalog name: the database is not there yet
    "40": Failure.RETRY,  # transaction rollback: deadlock, serialization
    "53": Failure.OUTAGE,  # insufficient resources
    "54": Failure.DATA,  # program limit exceeded: a value too large to index
    "57": Failure.OUTAGE,  # operator intervention
    "58": Failure.OUTAGE,  # system error: the server's disk
}

_NOT_THERE = ("42P01", "42703", "42883")
"""undefined_table, undefined_column, undefined_function."""
_SCHEMA_MOVED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
"""A migration went on under an open connection, which has noticed by now."""

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""All that asyncpg raises when a connection is opened or used. TimeoutError is an OSError."""

_AWAY = (OSError, Unavailable, PoolExhausted, asyncpg.InternalClientError)
"""The last one is how the driver stumbles when a connection dies at an unlucky moment."""


def failure_of(error: BaseException) -> Failure:
    """Total: what nobody knows is STOP."""
    cause = _driver_error(error)
    if isinstance(cause, _SCHEMA_MOVED):
        return Failure.RETRY
    if isinstance(cause, asyncpg.PostgresError):
        return _failure_of_state(cause.sqlstate or "")
    if isinstance(cause, asyncpg.InterfaceError):
        return _failure_of_interface(cause)
    return Failure.OUTAGE if isinstance(cause, _AWAY) else Failure.STOP


def is_data_error(error: BaseException) -> bool:
    """Some value is to blame, and this error will come back with it."""
    return failure_of(error) is Failure.DATA


def is_retryable(error: BaseException) -> bool:
    """The same transaction may succeed at once."""
    return failure_of(error) is Failure.RETRY


def is_outage(error: BaseException) -> bool:
    """Nothing will succeed until the server is back."""
    return failure_of(error) is Failure.OUTAGE


def is_schema_missing(error: BaseException) -> bool:
    """What a statement names is not there: the migrations that this program needs have not run."""
    return getattr(_driver_error(error), "sqlstate", None) in _NOT_THERE


def _failure_of_state(state: str) -> Failure:
    return _BY_STATE.get(state) or _BY_CLASS.get(state[:2], Failure.STOP)


def _failure_of_interface(error: asyncpg.InterfaceError) -> Failure:
    # The driver could not encode an argument: it never reached the server.
    if isinstance(error, ValueError):
        return Failure.DATA
    # Two situations share the class: a connection that is gone, and one used wrongly by us.
    return Failure.OUTAGE if "closed" in str(error) else Failure.STOP


def _driver_error(error: BaseException) -> BaseException:
    """The driver's own error inside SQLAlchemy's wrapping."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error
