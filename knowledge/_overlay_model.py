"""One fact of the province's layer: its kinds, what each holds, and when it is in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from knowledge.places import Gazetteer
from knowledge.procedures import Channel, Line, OfficeKind, OnlineLevel, OnlineValue
from knowledge.text import fold, nfc
from store.errors import Invalid

EVERY = "*"


class Kind(StrEnum):
    """What a province may set over the national text."""

    online_level = "online_level"
    receiving = "receiving"
    fee = "fee"
    post = "post"
    home_service = "home_service"
    on_time_exempt = "on_time_exempt"


# Kinds that may hold for all procedures at once (code `*`).
FOR_EVERY = {Kind.post, Kind.home_service, Kind.on_time_exempt}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    valid_to: date | None = None


class LevelValue(_Value):
    """A level of online service, by its scheme."""

    scheme: Line
    value: OnlineValue

    @model_validator(mode="after")
    def _of_its_scheme(self) -> LevelValue:
        OnlineLevel(scheme=self.scheme, value=self.value)
        return self


class ReceivingValue(_Value):
    """An office that takes the procedure in, or explicitly does not."""

    office: OfficeKind
    accepts: bool = True
    name: Line | None = None
    note: Line | None = None

    @model_validator(mode="after")
    def _named(self) -> ReceivingValue:
        if self.office is OfficeKind.other and not self.name:
            raise ValueError("office 'other' needs a name")
        return self


class FeeValue(_Value):
    """A fee that the province's council sets."""

    amount: int | None = Field(default=None, ge=0, strict=True)
    text: Line | None = None
    channel: Channel | None = None
    note: Line | None = None

    @model_validator(mode="after")
    def _says_something(self) -> FeeValue:
        if self.amount is None and self.text is None:
            raise ValueError("a fee needs an amount or a text")
        return self


class PostValue(_Value):
    """Whether papers go in, and results come out, by post."""

    in_: bool | None = Field(default=None, alias="in")
    out: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> PostValue:
        if self.in_ is None and self.out is None:
            raise ValueError("say whether papers go in (`in`) or results come out (`out`) by post")
        return self


class HomeValue(_Value):
    """Free service at home, in one commune or everywhere."""

    place: Line | None = None
    text: Line

    @model_validator(mode="after")
    def _known_place(self) -> HomeValue:
        if self.place is not None:
            try:
                Gazetteer.load().get(self.place)
            except KeyError:
                raise ValueError(f"there is no place with the code {self.place}") from None
        return self


class ExemptValue(_Value):
    """Exempt from the rule that all are done on time."""

    exempt: bool = True


_MODELS: dict[Kind, type[_Value]] = {
    Kind.online_level: LevelValue,
    Kind.receiving: ReceivingValue,
    Kind.fee: FeeValue,
    Kind.post: PostValue,
    Kind.home_service: HomeValue,
    Kind.on_time_exempt: ExemptValue,
}


@dataclass(frozen=True)
class Overlay:
    """One row of the layer.

    Attributes:
        id: number of the row.
        code: the procedure's code; `*` for all of them.
        kind: what it sets.
        value: the fact, as `check` gives it back.
        valid_from: first day it holds; None: ever since.
        valid_to: last day it holds; None: until it is ended.
        decision: number of the deciding document.
        source: where it was taken from (a file's name, a page of the console).
        actor: who set it.
        at: when it was set.
        ended_at: when it was taken back, and
        ended_by: by whom.
    """

    id: int
    code: str
    kind: Kind
    value: Mapping[str, Any]
    valid_from: date | None
    valid_to: date | None
    decision: str | None
    source: str
    actor: str
    at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None

    @property
    def key(self) -> str:
        """What of the procedure it sets: rows of the same kind and key follow each other in time."""
        return key(self.kind, self.value)

    def in_force(self, on: date) -> bool:
        """Whether it holds on that day."""
        return (self.valid_from or date.min) <= on <= (self.valid_to or date.max)


def kind_of(name: str) -> Kind:
    """A kind by its name.

    Raises:
        Invalid: there is none of that name.
    """
    try:
        return Kind(name)
    except ValueError:
        raise Invalid(f"{name!r} is no kind of the province's layer; it is one of {', '.join(Kind)}.") from None


def check(kind: Kind, value: object) -> dict[str, Any]:
    """The value in its one stored form.

    Raises:
        Invalid: it is not a value of that kind; the message names the part that is wrong.
    """
    try:
        made = _MODELS[kind].model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        raise Invalid(f"{kind}{', ' + where if where else ''}: {what}") from None
    return made.model_dump(mode="json", by_alias=True, exclude_none=True)


def key(kind: Kind, value: Mapping[str, Any]) -> str:
    """What of the procedure a value sets; two values with the same key cannot hold at once."""
    if kind is Kind.online_level:
        return str(value["scheme"])
    if kind is Kind.receiving:
        return f"{value['office']}|{fold(nfc(str(value.get('name') or '')))}"
    if kind is Kind.fee:
        return str(value.get("channel") or "")
    if kind is Kind.home_service:
        return str(value.get("place") or "")
    return ""
