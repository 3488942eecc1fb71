"""Settings of the desk."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class DeskSettings(BaseModel):
    """Section `desk` of the settings (`MOTCUA_DESK__*`)."""

    secret: SecretStr = Field(
        default=SecretStr(""),
        description="Key from which the PINs of cases are derived; changing it makes old PINs useless. "
        "Empty: generated once into the data folder.",
    )
    contact_line: str = Field(
        default="",
        description="Telephone number or address that citizens are given when they want a person at once.",
    )
    pin_attempts_an_hour: int = Field(
        default=10, ge=1, description="Wrong PINs allowed for one case within an hour before it is shut."
    )
