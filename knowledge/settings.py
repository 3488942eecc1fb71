"""Settings of the catalogue and of the search in it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

_SCHEDULE = re.compile(
    r"|daily ([01]\d|2[0-3]):[0-5]\d|(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):[0-5]\d|every [1-9]\d{0,3} (min|h)"
)


class SyncSource(BaseModel):
    """A portal whose JSON API the catalogue is fetched from: a list in pages, then each procedure's detail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = Field(
        description="Short name, for `motcua catalogue sync NAME`."
    )
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] = Field(
        description="Where the API begins, for example https://dichvucong.gov.vn/api/v1."
    )
    method: Literal["POST", "GET"] = Field(default="POST", description="How it is asked; the national portal: POST.")
    list_path: str = Field(
        default="submitting/formality/list-all-formality-by-citizen", description="Path of the list, below the url."
    )
    detail_path: str = Field(
        default="configuring/formality/get-formality-by-citizen",
        description="Path of a procedure's detail; {id} in it is replaced, else the id is a parameter.",
    )
    paging: Literal["cursor", "page"] = Field(
        default="cursor", description="cursor: each page says which `lastId` comes next; page: pages are numbered."
    )
    page_size: int = Field(default=100, ge=1, le=1000, description="Procedures asked for on one page of the list.")
    query: dict[str, str] = Field(default_factory=dict, description="More parameters of the list.")
    province: str = Field(
        default="", description="Leave out what the committees of other provinces than this one promulgate."
    )
    token: SecretStr | None = Field(default=None, description="Sent as `Authorization: Bearer`, where it is needed.")
    contact: str = Field(default="", description="Address that the portal's operators can write to; in the User-Agent.")
    rate: float = Field(default=2.0, gt=0, le=1000, description="Requests a second, at most.")
    connections: int = Field(default=2, ge=1, le=16, description="Requests under way at the same time, at most.")
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="Seconds that one answer may take.")
    attempts: int = Field(default=6, ge=1, le=20, description="How often a request is tried before it is given up.")
    first_wait_s: float = Field(default=1.0, gt=0, le=60, description="Wait before the second try; then it doubles.")
    longest_wait_s: float = Field(
        default=300.0, gt=0, le=600, description="Longest wait; a portal that asks for more is left alone until later."
    )
    answer_bytes: int = Field(default=8_000_000, ge=1000, le=100_000_000, description="Size of one answer, at most.")
    schedule: str = Field(
        default="",
        description="When the running program fetches it, in Viet Nam's time: `daily 02:30`, `sun 02:30`, "
        "`every 12 h`; empty: only by command.",
    )
    publish: bool = Field(
        default=False, description="Publish what a scheduled fetch brought when little has changed; else a person does."
    )
    threshold: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Share of the live procedures that may be changed or gone for that.",
    )

    @field_validator("schedule")
    @classmethod
    def _readable(cls, schedule: str) -> str:
        if not _SCHEDULE.fullmatch(schedule):
            raise ValueError("write `daily 02:30`, `sun 02:30`, `every 12 h` or `every 30 min`")
        return schedule


class SyncSettings(BaseModel):
    """Section `knowledge.sync` (`MOTCUA_KNOWLEDGE__SYNC__*`)."""

    sources: tuple[SyncSource, ...] = Field(
        default=(), description="Portals to fetch the catalogue from, as a JSON list of objects (docs/sync.md)."
    )

    @field_validator("sources")
    @classmethod
    def _once(cls, sources: tuple[SyncSource, ...]) -> tuple[SyncSource, ...]:
        if len({source.name for source in sources}) != len(sources):
            raise ValueError("two sources have the same name")
        return sources


class KnowledgeSettings(BaseModel):
    """Section `knowledge` of the settings (`MOTCUA_KNOWLEDGE__*`)."""

    model: str = Field(
        default="static",
        description="The model behind the dense half of the search. `static`: a small one, trained from the "
        "catalogue itself when a version is published. Otherwise any sentence-transformers model, by its hub "
        "name (BAAI/bge-m3) or by its folder; the next published version is indexed with it.",
    )
    dims: int = Field(default=256, ge=16, le=1024, description="Size of a vector of the static model.")
    epochs: int = Field(default=3, ge=1, le=50, description="Passes over the training pairs of the static model.")
    pairs: int = Field(default=30, ge=1, le=200, description="Made-up questions per procedure for the training.")
    threads: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processor threads that the building of a version may use. Its products are small: a second thread "
        "mostly waits, and takes its processor from those that answer.",
    )
    seed: int = Field(default=1, description="Seed of the training: the same catalogue gives the same model.")
    keep_versions: int = Field(
        default=5,
        ge=2,
        le=1000,
        description="Built versions kept on disk, the live one included; of older ones "
        "the records stay and the index goes.",
    )
    two_persons: bool = Field(
        default=False, description="A version goes live only when another person than who staged it has approved it."
    )
    build_nice: int = Field(
        default=10,
        ge=0,
        le=19,
        description="How far the process that builds a version gives way to those that answer (nice value).",
    )
    refresh_s: float = Field(
        default=2.0, ge=0, le=3600, description="How often, at most, a process asks which version is live, in seconds."
    )
    sync: SyncSettings = Field(default_factory=SyncSettings, description="Fetching the catalogue from portals.")
