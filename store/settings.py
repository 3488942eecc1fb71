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
