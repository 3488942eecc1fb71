"""Which errors mean that the database cannot work at the moment, and not that a statement or the program is wrong."""

from __future__ import annotations

import errno
import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError, PendingRollbackError, TimeoutError

from store import _postgresql

# The file is locked for too long, cannot be read, written or opened, or there is no room left for it.
_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
    }
)
# Classes of PostgreSQL's states: connection, sign-in, no such database, resources, somebody intervened, system.
_CLASSES = ("08", "28", "3D", "53", "57", "58")
# A standby or a server set to read only, a deadlock, a transaction to be tried again, a lock waited for too long.
_STATES = frozenset({"25006", "25P03", "40001", "40P01", "55P03"})


def is_outage(error: BaseException) -> bool:
    """Whether trying again later may help, with nothing of the program changed.

    Args:
        error: what a statement, a commit or the beginning of a transaction raised; an `OSError` counts, since the way
            to a server is made of them.
    """
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_outage(error.orig))
    if isinstance(error, sqlite3.Error):
        # The low byte of an extended code is the code.
        return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF in _SQLITE
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_CLASSES) or state in _STATES
    return isinstance(error, (TimeoutError, PendingRollbackError, OSError, *_postgresql.BROKEN))


def is_no_space(error: BaseException) -> bool:
    """Whether the disk is full: this machine's, or the database server's."""
    if isinstance(error, DBAPIError):
        return error.orig is not None and is_no_space(error.orig)
    if isinstance(error, sqlite3.Error):
        return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF == sqlite3.SQLITE_FULL
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return getattr(error, "sqlstate", None) == "53100"


def is_refused(error: BaseException) -> bool:
    """Whether the server is there and does not let us in: a wrong name or password, no such database."""
    inner = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(inner, "sqlstate", "")).startswith(("28", "3D"))


def log_failure(log: Any, event: str, error: BaseException, **more: Any) -> None:
    """Put a failure into the log: with its trace, unless the database is away, which every task says at once."""
    if is_outage(error):
        log.error(event, reason=type(getattr(error, "orig", None) or error).__name__, **more)
    else:
        log.error(event, exc_info=error, **more)
