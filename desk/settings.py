"""Settings of the desk."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class ConsoleSettings(BaseModel):
    """Section `desk.console` (`MOTCUA_DESK__CONSOLE__*`): the web console of staff and admins."""

    enabled: bool = Field(default=True, description="Whether the console is served.")
    host: str = Field(default="127.0.0.1", description="Address the console listens on.")
    port: int = Field(default=8082, ge=0, le=65535, description="Port of the console; 0 takes a free one.")
    https: bool = Field(
        default=False,
        description="Set it when staff reach the console over HTTPS (a reverse proxy ends TLS): its cookies are then "
        "sent over HTTPS only.",
    )
    session_hours: float = Field(
        default=10.0, gt=0, le=24 * 31, description="Hours after which staff have to sign in again."
    )
    upload_mb: int = Field(default=64, ge=1, le=2048, description="Largest file that may be uploaded, in MiB.")
    unpacked_mb: int = Field(
        default=1024, ge=1, le=65536, description="What an uploaded packed file may unpack to at most, in MiB."
    )


class ClockSettings(BaseModel):
    """Section `desk.clocks` (`MOTCUA_DESK__CLOCKS__*`): deadlines that no law sets, figures not verified."""


class HandoffSettings(BaseModel):
    """Section `desk.handoff` (`MOTCUA_DESK__HANDOFF__*`): how a conversation reaches a person."""


class AttachmentSettings(BaseModel):
    """Section `desk.attachments` (`MOTCUA_DESK__ATTACHMENTS__*`): files that belong to a case."""


class PrivacySettings(BaseModel):
    """Section `desk.privacy` (`MOTCUA_DESK__PRIVACY__*`): how long what is kept."""


class ReportSettings(BaseModel):
    """Section `desk.reports` (`MOTCUA_DESK__REPORTS__*`): reports about the desk's work."""


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
    seal_keys: list[SecretStr] = Field(
        default_factory=list,
        description="Keys that seal contact data and identities in the database, as a JSON list; the first seals, all "
        "open. Empty: one is made once and kept in the data folder.",
    )
    public_url: str = Field(
        default="http://localhost:8080",
        description="Address under which citizens reach the web page, without a path; for links in messages.",
    )
    clocks: ClockSettings = Field(default_factory=ClockSettings, description="Deadlines.")
    handoff: HandoffSettings = Field(default_factory=HandoffSettings, description="The way to a person.")
    attachments: AttachmentSettings = Field(default_factory=AttachmentSettings, description="Files of cases.")
    privacy: PrivacySettings = Field(default_factory=PrivacySettings, description="Retention of personal data.")
    reports: ReportSettings = Field(default_factory=ReportSettings, description="Reports.")
    console: ConsoleSettings = Field(default_factory=ConsoleSettings, description="The console of staff and admins.")
