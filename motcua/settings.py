"""The one `Settings`: every room's section, read once at start from `MOTCUA_*` and `.env`.

Nesting is written with two underscores: `MOTCUA_BOT__WEB__PORT=9000`, `MOTCUA_STORE__URL=…`. A value may also be the
content of a file with the variable's name in the folder that `MOTCUA_SECRETS_DIR` names (such as Docker's secrets,
`/run/secrets`), in capitals or small letters: what is secret then stands in no environment. The environment and `.env`
win over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from actions.settings import ActionsSettings
from bot.settings import BotSettings
from desk.settings import DeskSettings
from knowledge.settings import KnowledgeSettings
from store import keys
from store.errors import Invalid
from store.settings import StoreSettings

ROOT = Path(__file__).resolve().parent.parent


class RasaSettings(BaseModel):
    """Section `rasa` (`MOTCUA_RASA__*`): how the supervisor starts the dialogue manager."""

    python: Path = Field(
        default=ROOT / ".venv-rasa" / "bin" / "python",
        description="Interpreter of Rasa's own environment (CPython 3.10).",
    )
    host: str = Field(default="127.0.0.1", description="Address Rasa binds; it must never face the network.")
    port: int = Field(default=5005, ge=1, le=65535, description="Port of Rasa.")
    processes: int = Field(
        default=1,
        ge=1,
        le=16,
        description="Rasa processes, on this port and those after it, some 600 MB each. Each has its share of the "
        "conversations; a change of the number breaks off forms that are being filled in.",
    )


class Settings(BaseSettings):
    """All settings of the program; each field of each section says what it is."""

    model_config = SettingsConfigDict(
        env_prefix="MOTCUA_", env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then `.env`, then files of secrets."""
        folder = secrets_dir()
        files = (
            [
                NestedSecretsSettingsSource(
                    file_secret_settings, secrets_dir=folder, secrets_nested_delimiter="__", secrets_dir_missing="error"
                )
            ]
            if folder
            else []
        )
        return (init_settings, env_settings, dotenv_settings, *files)

    home: Path = Field(default=ROOT / "var", description="Data folder: database, models, catalogue, logs.")
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="DEBUG, INFO, WARNING or ERROR.",
    )
    store: StoreSettings = Field(default_factory=StoreSettings, description="The database.")
    knowledge: KnowledgeSettings = Field(default_factory=KnowledgeSettings, description="The catalogue.")
    desk: DeskSettings = Field(default_factory=DeskSettings, description="The desk.")
    bot: BotSettings = Field(default_factory=BotSettings, description="The front door.")
    actions: ActionsSettings = Field(default_factory=ActionsSettings, description="The action server.")
    rasa: RasaSettings = Field(default_factory=RasaSettings, description="The dialogue manager.")
    private_network: bool = Field(
        default=False,
        description="Health, metrics, the action server and Rasa may listen beyond this machine, such as between "
        "containers. They ask for no password: a firewall must keep everybody else out.",
    )

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        # The supervised processes run in another folder.
        return home.expanduser().absolute()

    @property
    def beyond_loopback(self) -> dict[str, str]:
        """The addresses of private parts that are not this machine's own, by the variable that sets them."""
        private = {
            "MOTCUA_BOT__WEB__PRIVATE_HOST": self.bot.web.private_host,
            "MOTCUA_ACTIONS__HOST": self.actions.host,
            "MOTCUA_RASA__HOST": self.rasa.host,
        }
        return {name: host for name, host in private.items() if not _own(host)}

    @property
    def database_url(self) -> str:
        """The database's address, by default a file in the data folder."""
        return self.store.url or f"sqlite+aiosqlite:///{self.home / 'motcua.db'}"

    @property
    def catalogue_home(self) -> Path:
        """Folder of the catalogue's versions."""
        return self.home / "catalogue"

    @property
    def models(self) -> Path:
        """Folder of the trained dialogue models."""
        return self.home / "models"

    def rasa_file(self, number: int) -> Path:
        """The file of conversations of a Rasa process, counted from 1."""
        return self.home / ("rasa.db" if number == 1 else f"rasa-{number}.db")

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.home / "log"


def load() -> Settings:
    """Read the settings.

    Raises:
        Invalid: one is wrong or does not exist; the message names each and says what is allowed.
    """
    unknown = _unknown()
    if unknown:
        raise Invalid(
            "These settings do not exist; correct their names in the environment or in .env:\n  " + "\n  ".join(unknown)
        )
    try:
        settings = Settings()
    except ValidationError as error:
        lines = [f"{_variable(item['loc'])}: {item['msg']}" for item in error.errors()]
        raise Invalid(
            "These settings are wrong; correct them in the environment or in .env:\n  " + "\n  ".join(lines)
        ) from None
    except SettingsError as error:
        raise Invalid(f"These settings are wrong; correct them in the environment or in .env:\n  {error}") from None
    if settings.bot.gateways > 1 and not settings.database_url.startswith("postgresql"):
        raise Invalid(
            f"MOTCUA_BOT__GATEWAYS is {settings.bot.gateways}, but a SQLite file serves one front door; set it to 1, "
            "or MOTCUA_STORE__URL to a PostgreSQL database"
        )
    if settings.beyond_loopback and not settings.private_network:
        lines = [f"{name}={host}" for name, host in settings.beyond_loopback.items()]
        raise Invalid(
            "These parts ask for no password and would listen beyond this machine. Leave them on 127.0.0.1, or set "
            "MOTCUA_PRIVATE_NETWORK=true where a firewall keeps everybody else out:\n  " + "\n  ".join(lines)
        )
    return settings


def secrets_dir() -> Path | None:
    """The folder whose files hold values of settings, None when there is none.

    Raises:
        Invalid: it is no folder.
    """
    named = os.environ.get("MOTCUA_SECRETS_DIR") or dotenv_values(".env").get("MOTCUA_SECRETS_DIR")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise Invalid(f"MOTCUA_SECRETS_DIR is no folder: {folder}")
    return folder


def _own(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def secret(settings: Settings, name: str, given: SecretStr | None) -> SecretStr:
    """A secret: the one that is set, else one made once and kept in the data folder for the owner alone.

    Raises:
        Invalid: the file that keeps it is damaged or cannot be read.
    """
    if given is not None and given.get_secret_value():
        return given
    return SecretStr(keys.kept(settings.home / f"{name}.key"))


def _unknown() -> list[str]:
    """Names of sections' settings that are set and that nothing reads: most likely misspelt."""
    known = set(_names(Settings, "MOTCUA_"))
    folder = secrets_dir()
    files = [path.name for path in folder.iterdir() if path.is_file()] if folder else []
    given = {*os.environ, *dotenv_values(".env"), *files}
    wrong = sorted(name for name in given if name.upper().startswith("MOTCUA_") and "__" in name)
    lines = []
    for name in wrong:
        if name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1)
            lines.append(f"{name}{f': did you mean {near[0]}?' if near else ''}")
    return lines


def _names(section: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield prefix + name.upper()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, f"{prefix}{name.upper()}__")


def _variable(location: tuple[Any, ...]) -> str:
    return "MOTCUA_" + "__".join(str(part).upper() for part in location)
