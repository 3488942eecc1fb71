"""Settings of the action server."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ActionsSettings(BaseModel):
    """Section `actions` of the settings (`MOTCUA_ACTIONS__*`)."""

    host: str = Field(default="127.0.0.1", description="Address the action server binds; keep it private.")
    port: int = Field(default=5055, ge=0, le=65535, description="Port of the action server.")
