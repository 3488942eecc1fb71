"""What only PostgreSQL has: settings of a session, and connections that belong to one task for long."""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

CONNECT_S = 5.0
# What the driver raises of itself when a connection is not there any more.
BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError)
# What a connection that has ended or gets no answer raises.
LOST = (OSError, TimeoutError, asyncpg.PostgresError, *BROKEN)

# A statement is planned for its values each time: after five uses PostgreSQL would plan it once for any value, which
# took a count in a unit with most of the cases from 10 ms to 900. Compiling (JIT) costs more than these statements run.
_SESSION = {
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    # A machine that went away without a word lets go of its locks after some ten seconds, not after two hours.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


def session(name: str, statement_s: float) -> dict[str, str]:
    """The settings of a connection of the pool.

    Args:
        name: what the server lists it under.
        statement_s: seconds after which a statement is broken off.
    """
    # A process that stands still in the middle of a transaction holds conversations: the server ends it.
    limit = str(int(statement_s * 1000))
    return _SESSION | {
        "application_name": name,
        "statement_timeout": limit,
        "idle_in_transaction_session_timeout": limit,
    }


async def connect(url: str, name: str) -> Any:
    """An `asyncpg.Connection` outside the pool, for what hangs on a session: listening, and being the leader.

    Args:
        url: the database's address as `store.engine.Database` takes it.
        name: what the server lists it under.

    Raises:
        OSError, TimeoutError, asyncpg.PostgresError: the server cannot be reached or refuses (`LOST`).
    """
    address = make_url(url)
    _, options = address.get_dialect()().create_connect_args(address)
    # What SQLAlchemy takes out of an address for itself.
    own = ("prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback")
    given: dict[str, Any] = {key: value for key, value in options.items() if key not in own}
    return await asyncpg.connect(**given, timeout=CONNECT_S, server_settings=_SESSION | {"application_name": name})
