"""Settings of the desk."""

from __future__ import annotations

from typing import Annotated, Literal

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
    totp: Literal["required", "optional"] = Field(
        default="required",
        description="Whether staff need a code of an authenticator app besides their password (TOTP, RFC 6238): "
        "`required`, or `optional`: only who has set it up.",
    )
    lock_after: int = Field(
        default=8, ge=3, le=100, description="Wrong passwords or codes for one name after which it is shut for a while."
    )
    lock_minutes: float = Field(
        default=15.0, gt=0, le=24 * 60, description="Minutes for which a name is shut after too many failures."
    )
    lock_address_after: int = Field(
        default=60, ge=3, description="Failed sign-ins from one address within those minutes after which it is shut."
    )
    trust_forwarded: bool = Field(
        default=False,
        description="Take the address of staff from the last entry of X-Forwarded-For. Only behind a proxy that "
        "writes it: otherwise anybody can make up addresses.",
    )
    upload_mb: int = Field(default=64, ge=1, le=2048, description="Largest file that may be uploaded, in MiB.")
    unpacked_mb: int = Field(
        default=1024, ge=1, le=65536, description="What an uploaded packed file may unpack to at most, in MiB."
    )


class Figure(BaseModel):
    """A deadline's figure as the owner sets it."""

    amounts: list[Annotated[int, Field(ge=1, le=400)]] = Field(
        min_length=1, max_length=3, description="Without an extension, with one, with two; in the rule's own unit."
    )
    source: str = Field(min_length=1, description="Document or decision that sets it.")
    verified: bool = Field(default=False, description="Whether it was read in that document.")


class ClockSettings(BaseModel):
    """Section `desk.clocks` (`MOTCUA_DESK__CLOCKS__*`): deadlines that no law sets, figures not verified."""

    hours: dict[str, list[str]] = Field(
        default_factory=lambda: {str(day): ["07:00-11:00", "13:00-17:00"] for day in range(1, 6)},
        description="Working hours by ISO weekday as JSON, 1 for Monday, for units that have none of their own. The "
        "default is the usual office time and was not verified for An Giang.",
    )
    decided_years: list[int] = Field(
        default_factory=lambda: [2026],
        description="Years whose days off were compared with the decided schedule, as a JSON list; of other years each "
        "explanation says that they are computed (`motcua desk calendar check YEAR` lists them).",
    )
    figures: dict[str, Figure] = Field(
        default_factory=dict,
        description="Deadlines to use instead of those of desk/data/deadlines.yml that are internal or not verified, "
        'as JSON: {"feedback_answer": {"amounts": [10, 20], "source": "Quyết định ..."}}.',
    )
    warn_working_days: int = Field(
        default=1, ge=0, le=30, description="How many working days before a deadline its case's staff are warned."
    )
    ask_solved_days: int = Field(
        default=3, ge=1, le=90, description="Days after an answer after which the citizen is asked whether it helped."
    )
    close_days: int = Field(
        default=10, ge=1, le=365, description="Days after an answer after which a case without an objection is closed."
    )


class HandoffSettings(BaseModel):
    """Section `desk.handoff` (`MOTCUA_DESK__HANDOFF__*`): how a conversation reaches a person."""

    expected_minutes: int = Field(
        default=10, ge=1, description="Expected wait for a person, told until there are enough real ones to go by."
    )
    idle_minutes: int = Field(
        default=30,
        ge=1,
        description="Minutes after which a conversation goes back to the bot in which its member of staff wrote "
        "nothing; when the citizen still waits for an answer, it goes back into the queue.",
    )
    wait_hours: int = Field(
        default=72,
        ge=1,
        description="Hours after which a citizen who waits for a person and writes nothing is told that nobody came. "
        "Longer than a weekend.",
    )
    talk_minutes: int = Field(
        default=8, ge=1, description="Expected length of a talk with a person, told until there are enough real ones."
    )


class AttachmentSettings(BaseModel):
    """Section `desk.attachments` (`MOTCUA_DESK__ATTACHMENTS__*`): files that belong to a case."""

    max_mb: int = Field(default=10, ge=1, le=100, description="Largest photo or PDF that is taken, in MiB.")
    per_message: int = Field(default=5, ge=1, le=20, description="Files that may be sent at once.")
    per_case: int = Field(default=20, ge=1, le=200, description="Files that citizens may add to one case.")
    megapixels: int = Field(default=64, ge=1, le=150, description="Largest photo that is opened, in megapixels.")
    side_px: int = Field(
        default=3000, ge=500, le=10_000, description="Longest side to which photos are made smaller, in pixels."
    )
    identity_cards: bool = Field(
        default=False,
        description="Whether photos of identity cards are taken. They are sensitive personal data "
        "(Nghị định 356/2025/NĐ-CP), and no complaint needs one.",
    )
    wait_hours: float = Field(
        default=24.0, gt=0, description="Hours for which a file sent in the chat waits for a case to belong to."
    )
    check_s: float = Field(default=20.0, gt=0, description="Seconds that looking into one file may take.")
    keep_free_mb: int = Field(
        default=512, ge=0, description="Free space of the disk under which no file is taken any more, in MiB."
    )


class PrivacySettings(BaseModel):
    """Section `desk.privacy` (`MOTCUA_DESK__PRIVACY__*`): how long what is kept.

    No source read so far sets these figures for a province's chat: each is the owner's to decide.
    """

    message_days: int = Field(
        default=180, ge=1, description="Days after which messages of a chat go that no unfinished case needs."
    )
    case_days: int = Field(
        default=5 * 365,
        ge=30,
        description="Days after its last change after which a finished case loses its words, contact and files.",
    )
    failure_days: int = Field(default=30, ge=1, description="Days for which failed sign-ins of staff are kept.")


class ReportSettings(BaseModel):
    """Section `desk.reports` (`MOTCUA_DESK__REPORTS__*`): reports about the desk's work."""

    period: Literal["month", "quarter", "half_year", "year"] = Field(
        default="quarter",
        description="How long a period the report page shows at first (the last whole one). The province reports to "
        "Sở Nội vụ “định kỳ”, at intervals that it sets itself (summary of its report for 2020).",
    )


class DeliverySettings(BaseModel):
    """Section `desk.delivery` (`MOTCUA_DESK__DELIVERY__*`): replies that have to leave in the citizen's channel.

    Zalo's figures are those of its page on "tin tư vấn" (https://developers.zalo.me/docs/official-account/), from
    memory and not verified: look them up before Zalo is used.
    """

    zalo_free_hours: float = Field(
        default=48.0, gt=0, description="Hours after a citizen's last message within which Zalo carries replies free."
    )
    zalo_paid_days: float = Field(
        default=7.0, gt=0, description="Days after a citizen's last message within which Zalo carries replies at all."
    )
    zalo_pay: bool = Field(
        default=False, description="Whether replies that cost a fee are sent; otherwise they stay on the case's page."
    )
    undo_minutes: float = Field(
        default=10.0, gt=0, description="Minutes within which staff may take back their last step."
    )


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
    delivery: DeliverySettings = Field(default_factory=DeliverySettings, description="Replies on their way.")
    to_communes: bool = Field(
        default=True,
        description="Whether cases about a commune go to its own unit once staff work there; otherwise the province's.",
    )
    clocks: ClockSettings = Field(default_factory=ClockSettings, description="Deadlines.")
    handoff: HandoffSettings = Field(default_factory=HandoffSettings, description="The way to a person.")
    attachments: AttachmentSettings = Field(default_factory=AttachmentSettings, description="Files of cases.")
    privacy: PrivacySettings = Field(default_factory=PrivacySettings, description="Retention of personal data.")
    reports: ReportSettings = Field(default_factory=ReportSettings, description="Reports.")
    console: ConsoleSettings = Field(default_factory=ConsoleSettings, description="The console of staff and admins.")
