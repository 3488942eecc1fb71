"""Settings of the front door."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?", re.IGNORECASE)


class WebSettings(BaseModel):
    """The public web chat and the private port."""

    host: str = Field(default="127.0.0.1", description="Address the public web chat listens on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port of the public web chat; 0 takes any.")
    private_host: str = Field(
        default="127.0.0.1", description="Address for health and metrics. Never open it to the Internet."
    )
    private_port: int = Field(default=8081, ge=0, le=65535, description="Port for health and metrics.")
    https: bool = Field(
        default=False,
        description="People reach the chat over https (a reverse proxy ends TLS): cookies become Secure "
        "and HSTS is sent.",
    )
    trust_forwarded: bool = Field(
        default=False,
        description="Take the client's address from the last entry of X-Forwarded-For. Only behind a proxy "
        "that sets it.",
    )
    allowed_origins: list[str] = Field(
        default_factory=list,
        description="Other origins (scheme://host:port, a JSON list) whose pages may embed the chat, besides its own.",
    )
    cross_site: bool = Field(
        default=False,
        description="A page that embeds the chat is on another registrable domain (portal.example.org and "
        "chat.example.net; not portal.example.org and chat.example.org): the session cookie becomes SameSite=None; "
        "Secure; Partitioned. Needs https. A browser then has a session of its own in each such portal.",
    )
    cookie_secret: SecretStr | None = Field(
        default=None,
        description="Key that signs the session cookie, at least 32 characters. Empty: made once and kept in "
        "the data folder.",
    )
    session_days: int = Field(default=30, ge=1, le=400, description="How long a browser's session lives.")
    heartbeat_s: float = Field(default=15.0, gt=0, description="Seconds between signs of life on a stream.")
    connections: int = Field(
        default=6000, ge=10, description="Open connections in all, streams included; more are told to come back later."
    )
    connections_per_address: int = Field(
        default=500,
        ge=1,
        description="Open connections of one network address; many phones may share one. Not counted with "
        "trust_forwarded.",
    )
    idle_s: float = Field(
        default=75.0,
        gt=0,
        description="Seconds a connection may wait for its next request, or be at sending the head of one; longer than "
        "the proxy before it keeps one open.",
    )
    streams_per_session: int = Field(default=6, ge=1, description="Open streams one session may hold.")
    streams_total: int = Field(default=5000, ge=1, description="Open streams in all.")
    session_burst: int = Field(default=120, ge=1, description="Messages one session may send at once.")
    session_rate: float = Field(default=2.0, gt=0, description="Messages a second a session may go on with.")
    address_burst: int = Field(default=600, ge=1, description="Requests one network address may send at once.")
    address_rate: float = Field(default=30.0, gt=0, description="Requests a second an address may go on with.")
    case_minutes: int = Field(
        default=60, ge=5, le=24 * 60, description="How long the page of a case stays open without the PIN, in minutes."
    )
    pin_burst: int = Field(
        default=30, ge=1, description="PINs of cases that one network address may try at once, right or wrong."
    )
    pins_an_hour: float = Field(default=60.0, gt=0, description="PINs an hour an address may go on with.")
    form_burst: int = Field(
        default=20, ge=1, description="Forms and files that one network address may send on the pages at once."
    )
    forms_an_hour: float = Field(default=120.0, gt=0, description="Forms and files an hour it may go on with.")
    history: int = Field(default=200, ge=1, le=1000, description="Messages of history sent at most.")

    @field_validator("allowed_origins")
    @classmethod
    def _plain_origins(cls, origins: list[str]) -> list[str]:
        plain = [origin.rstrip("/") for origin in origins]
        for origin in plain:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is no origin: write scheme://host or scheme://host:port, without a path and without *"
                )
        return plain

    @field_validator("cross_site")
    @classmethod
    def _cross_site_over_https(cls, cross_site: bool, info: ValidationInfo) -> bool:
        if cross_site and not info.data.get("https"):
            raise ValueError(
                "browsers take a cookie of another site over https only: put the chat behind https and set "
                "MOTCUA_BOT__WEB__HTTPS=true, or leave this off"
            )
        return cross_site


class DialogueSettings(BaseModel):
    """Where the dialogue manager (Rasa) is."""

    url: str = Field(default="http://127.0.0.1:5005", description="Address of the dialogue server, without a path.")
    urls: list[str] = Field(
        default_factory=list,
        description="Addresses of several dialogue servers (a JSON list); each has its share of the conversations. "
        "Empty: the one of `url`.",
    )
    token: SecretStr | None = Field(
        default=None, description="Token the dialogue server's channel wants in X-Motcua-Token."
    )
    timeout_s: float = Field(default=20.0, gt=0, description="How long one answer may take, in seconds.")

    @property
    def addresses(self) -> list[str]:
        """Every dialogue server's address, each once."""
        return list(dict.fromkeys(url.rstrip("/") for url in self.urls or [self.url]))


class WorkerSettings(BaseModel):
    """How messages are worked through."""

    concurrency: int = Field(default=8, ge=1, le=256, description="Conversations answered at the same time.")
    poll_s: float = Field(
        default=1.0, gt=0, description="Seconds between looks into the inbox when nothing has been announced."
    )
    patience_s: float = Field(
        default=60.0,
        ge=0,
        description="How long a failing dialogue server is tried again before the answer of last resort.",
    )
    retry_first_s: float = Field(default=0.25, gt=0, description="Longest wait before the first retry.")
    retry_cap_s: float = Field(default=5.0, gt=0, description="Longest wait between two retries.")
    lease_s: float = Field(
        default=60.0,
        gt=0,
        description="How long a message may be in work before another process takes it; longer than the "
        "dialogue timeout.",
    )
    backlog: int = Field(default=5000, ge=1, description="Unanswered messages after which new ones are refused.")
    session_idle_s: float = Field(
        default=1800.0, gt=0, description="Silence after which the dialogue starts afresh, in seconds."
    )
    form_idle_s: float = Field(
        default=86400.0, gt=0, description="The same while a form is being filled in, in seconds."
    )
    session_messages: int = Field(
        default=60,
        ge=1,
        description="Messages after which the dialogue starts afresh (it slows as it grows).",
    )
    button_days: int = Field(default=30, ge=1, description="How long a button may be pressed, in days.")
    shutdown_s: float = Field(
        default=5.0, ge=0, description="How long a stop waits for answers that are being worked on."
    )


class PushedSettings(BaseModel):
    """What channels have in common to which messages are carried."""

    request_timeout_s: float = Field(default=15.0, gt=0, description="How long one call may take, in seconds.")
    chat_rate: float = Field(default=1.0, gt=0, description="Messages a second to one chat.")
    total_rate: float = Field(default=30.0, gt=0, description="Messages a second to all chats together.")
    senders: int = Field(default=32, ge=1, le=256, description="Chats served at the same time.")
    give_up_s: float = Field(
        default=21600.0, ge=0, description="How long an undelivered message is tried again, in seconds."
    )
    chat_burst: int = Field(default=120, ge=1, description="Messages taken from one chat at once.")
    chat_inbound_rate: float = Field(default=2.0, gt=0, description="Messages a second taken after that.")
    private_files: bool = Field(
        default=False,
        description="Fetch citizens' files from addresses of private networks and over plain http as well. Only where "
        "the platform itself runs there.",
    )


_WEBHOOK = (
    "Address under which the platform reaches this program from outside, such as https://chat.example.vn (without a "
    "path); the webhook is then registered at the start. Empty: long polling, which needs no public address."
)
_HOOK_SECRET = "Secret that the platform sends with each webhook. Empty: made once and kept in the data folder."  # noqa: S105


class TelegramSettings(PushedSettings):
    """The Telegram bot; off while there is no token."""

    token: SecretStr | None = Field(default=None, description="Token from @BotFather. Empty: no Telegram.")
    api_url: str = Field(default="https://api.telegram.org", description="Address of the Bot API.")
    poll_timeout_s: int = Field(default=25, ge=0, le=50, description="Long-polling time, in seconds.")
    webhook_url: str = Field(default="", description=_WEBHOOK)
    webhook_secret: SecretStr | None = Field(default=None, description=_HOOK_SECRET)


class ZaloOASettings(PushedSettings):
    """The Zalo Official Account; off while there is no app id."""

    app_id: str = Field(
        default="", pattern=r"^[0-9]{0,30}$", description="Id of the app on developers.zalo.me. Empty: no Zalo OA."
    )
    app_secret: SecretStr | None = Field(default=None, description="Secret key of the app; renews the tokens.")
    oa_secret: SecretStr | None = Field(
        default=None, description="Secret key of the Official Account; webhooks are signed with it."
    )
    api_url: str = Field(default="https://openapi.zalo.me", description="Address of the Open API.")
    oauth_url: str = Field(default="https://oauth.zaloapp.com", description="Address of Zalo's authorisation server.")
    renew_before_s: float = Field(
        default=18000.0, gt=0, description="How long before its end the access token (25 hours) is renewed, in seconds."
    )
    chat_rate: float = Field(default=5.0, gt=0, description="Messages a second to one citizen.")
    total_rate: float = Field(
        default=60.0, gt=0, description="Messages a second to all citizens together (Zalo allows 4,000 a minute)."
    )
    press: str = Field(
        default="oa.query.hide",
        pattern=r"^oa\.query\.(hide|show)$",
        description="Kind of the buttons: oa.query.hide does not show what a press sends, oa.query.show does.",
    )
    look_after_s: float = Field(
        default=5.0,
        ge=0,
        le=30,
        description="Seconds after which Zalo is asked whether a message of which no answer came has arrived; one that "
        "has not is sent again. 0: Zalo is not asked, and a person decides.",
    )
    form_image_url: str = Field(
        default="",
        description="Address of a picture for Zalo's form in which citizens leave their telephone number with one "
        "press. Empty: they are asked to write it.",
    )


class ZaloBotSettings(PushedSettings):
    """The Zalo Bot; off while there is no token."""

    token: SecretStr | None = Field(default=None, description="Token of the bot. Empty: no Zalo Bot.")
    api_url: str = Field(default="https://bot-api.zaloplatforms.com", description="Address of the Bot API.")
    poll_timeout_s: int = Field(default=25, ge=0, le=50, description="Long-polling time, in seconds.")
    webhook_url: str = Field(
        default="",
        description=_WEBHOOK + " Polling can lose the message that is under way when the program dies: Zalo gives each "
        "once.",
    )
    webhook_secret: SecretStr | None = Field(default=None, description=_HOOK_SECRET)


class BotSettings(BaseModel):
    """Section `bot` of the settings (`MOTCUA_BOT__*`)."""

    web: WebSettings = Field(default_factory=WebSettings, description="The web chat.")
    dialogue: DialogueSettings = Field(default_factory=DialogueSettings, description="The dialogue server.")
    worker: WorkerSettings = Field(default_factory=WorkerSettings, description="The conversation worker.")
    telegram: TelegramSettings = Field(default_factory=TelegramSettings, description="The Telegram channel.")
    zalo_oa: ZaloOASettings = Field(default_factory=ZaloOASettings, description="The Zalo Official Account.")
    zalo_bot: ZaloBotSettings = Field(default_factory=ZaloBotSettings, description="The Zalo Bot.")
    gateways: int = Field(
        default=1,
        ge=1,
        le=8,
        description="Processes of the front door on this machine, which share the public port; more than one needs "
        "PostgreSQL. The private port of the second is 10 higher, of the third 20, and so on; the console runs in the "
        "first.",
    )

    def private_port(self, gateway: int) -> int:
        """The port for health and metrics of a front door, counted from 1; 0 takes any."""
        return self.web.private_port and self.web.private_port + 10 * (gateway - 1)
