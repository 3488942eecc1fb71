"""Settings of the database."""

from __future__ import annotations

from pydantic import BaseModel, Field


class StoreSettings(BaseModel):
    """Section `store` of the settings (`MOTCUA_STORE__*`)."""

    url: str = Field(
        default="",
        description="SQLAlchemy address of the database, e.g. sqlite+aiosqlite:///motcua.db or "
        "postgresql+asyncpg://user@host/motcua. Empty: motcua.db in the data folder.",
    )
    busy_timeout_s: float = Field(
        default=10.0, gt=0, description="How long a SQLite writer waits for another one, in seconds."
    )
    connections: int = Field(
        default=10,
        ge=2,
        le=200,
        description="Connections to PostgreSQL that one process uses at most, besides a few for listening and leading. "
        "All processes together must stay below the server's max_connections.",
    )
    statement_s: float = Field(
        default=60.0, gt=0, description="Seconds after which PostgreSQL breaks a statement or an idle transaction off."
    )
    wait_s: float = Field(
        default=30.0,
        ge=0,
        description="How long a start waits for a PostgreSQL server that is not there yet, in seconds.",
    )
    min_free_mb: int = Field(
        default=200,
        ge=0,
        description="Free space in MiB on the disks of the data folder and the database file, below which new messages "
        "and files are refused. What was taken is still answered.",
    )
