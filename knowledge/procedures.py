"""What an administrative procedure is.

The words are those of CPSV-AP, the European vocabulary for public services
(https://semiceu.github.io/CPSV-AP/): public service, channel, cost, processing time, evidence (papers),
output (result), legal resource, competent authority. The field names follow how An Giang's own lists call them.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def is_provisional(code: str) -> bool:
    """Whether an importer made the code up, since the procedure's source has none; citizens are not told it."""
    return re.fullmatch(r"KM-[0-9a-f]{10}", code) is not None


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OfficeKind(StrEnum):
    """Kinds of offices that take papers in."""

    commune_centre = "commune_centre"
    commune_police = "commune_police"
    commune_military = "commune_military"
    district_centre = "district_centre"
    district_police = "district_police"
    province_centre = "province_centre"
    province_police = "province_police"
    province_military = "province_military"
    land_office = "land_office"
    tax_office = "tax_office"
    social_insurance = "social_insurance"
    job_centre = "job_centre"
    notary = "notary"
    school = "school"
    health_facility = "health_facility"
    court = "court"
    power_company = "power_company"
    border_guard = "border_guard"
    customs = "customs"
    other = "other"


class Channel(StrEnum):
    """Ways to hand papers in (CPSV-AP: channel)."""

    in_person = "in_person"
    online = "online"
    post = "post"


class TimeUnit(StrEnum):
    """Units of a processing time; `none` when only a text says it."""

    working_day = "working_day"
    day = "day"
    hour = "hour"
    month = "month"
    none = "none"


class OnlineValue(StrEnum):
    """Level of online service in the scheme of Decree 42/2022 and of Decree 43/2011."""

    full = "full"
    partial = "partial"
    information = "information"
    level_1_2 = "level_1_2"
    level_3 = "level_3"
    level_4 = "level_4"
    unknown = "unknown"


_SCHEMES = {
    "ND43_2011": {OnlineValue.level_1_2, OnlineValue.level_3, OnlineValue.level_4, OnlineValue.unknown},
    "ND42_2022": {OnlineValue.full, OnlineValue.partial, OnlineValue.information, OnlineValue.unknown},
}


class OnlineLevel(_Record):
    """How far a procedure can be done online, by which scheme and as of when.

    The 2019 report of An Giang counts levels 1 and 2 together, so they are one value here.
    """

    scheme: Line = Field(description="ND43_2011 (four levels) or ND42_2022 (toàn trình, một phần).")
    value: OnlineValue
    as_of: date | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _of_its_scheme(self) -> OnlineLevel:
        allowed = _SCHEMES.get(self.scheme)
        if allowed is None:
            raise ValueError(f"scheme {self.scheme!r} is none of {', '.join(_SCHEMES)}")
        if self.value not in allowed:
            raise ValueError(f"{self.value} is no level of {self.scheme}")
        return self


class ReceivingRule(_Record):
    """One kind of office that takes the procedure, or explicitly does not.

    The receiving office is not always the one that decides (`Procedure.decided_by`).
    """

    office: OfficeKind
    name: str | None = Field(default=None, description="Name of the office, needed for kind `other`.")
    accepts: bool = True
    valid_from: date | None = None
    valid_to: date | None = None
    decision: str | None = Field(default=None, description="Number of the deciding document.")
    note: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> ReceivingRule:
        if self.office is OfficeKind.other and not self.name:
            raise ValueError("office 'other' needs a name")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_from is after valid_to")
        return self

    def in_force(self, on: date) -> bool:
        """Whether the rule holds on that day."""
        return (self.valid_from or date.min) <= on <= (self.valid_to or date.max)


class DocumentItem(_Record):
    """One paper to bring (CPSV-AP: evidence), with how many originals and copies."""

    name: Line
    original: int | None = Field(default=None, ge=0)
    copy_count: int | None = Field(default=None, ge=0)


class DocumentCase(_Record):
    """The papers of one case; `case` is empty when there is only one."""

    case: str = ""
    items: tuple[DocumentItem, ...]


class Fee(_Record):
    """A fee in Vietnamese đồng (CPSV-AP: cost). `amount` only when it is one plain number."""

    amount: int | None = Field(default=None, ge=0)
    text: Line
    channel: Channel | None = None
    note: str | None = None
    decision: str | None = Field(
        default=None, description="The resolution of the province's council that sets it; None: the national text."
    )
    valid_from: date | None = None


class ProcessingTime(_Record):
    """How long the office takes (CPSV-AP: processing time)."""

    value: float | None = Field(default=None, ge=0)
    unit: TimeUnit = TimeUnit.none
    text: Line
    channel: Channel | None = None


class HomeService(_Record):
    """Papers taken and results brought at the citizen's home, in one commune or wherever the procedure is done."""

    place: str | None = Field(default=None, description="Code of the commune; None: the whole province.")
    text: Line


class Provenance(_Record):
    """Who set a fact of the province's layer, by which document and from when (`knowledge.overlays`)."""

    fact: Line = Field(description="online_level, receiving, fee, post, home_service or on_time_exempt.")
    set_by: Line = Field(description="The member of staff; for staff only, never said to citizens.")
    source: Line
    decision: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    overlay: int = Field(description="Row of the province's layer.")


class Source(_Record):
    """Where the record comes from."""

    title: Line
    url: str | None = None
    decision: str | None = Field(default=None, description="The decision that announces the procedure.")
    decided: date | None = Field(default=None, description="The day of that decision; the newer one wins a merge.")


class Procedure(_Record):
    """An administrative procedure (CPSV-AP: public service).

    Empty lists and None mean "the catalogue does not hold it", never "none is needed".
    """

    code: Line
    name: Line
    everyday: tuple[Line, ...] = ()
    field: str = ""
    promulgator: str | None = None
    subjects: tuple[str, ...] = ()
    receiving: tuple[ReceivingRule, ...] = ()
    decided_by: str | None = None
    online: OnlineLevel | None = None
    channels: tuple[Channel, ...] = ()
    documents: tuple[DocumentCase, ...] = ()
    fees: tuple[Fee, ...] = ()
    times: tuple[ProcessingTime, ...] = ()
    conditions: str | None = None
    steps: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()
    source: Source
    checked: date | None = None
    starter: bool = Field(
        default=False, description="Part of the catalogue the program ships; not confirmed by an authority."
    )
    # The province's layer; None means that the province has not said.
    post_in: bool | None = Field(default=None, description="Papers may be sent in by post.")
    post_out: bool | None = Field(default=None, description="The result may be sent home by post.")
    home_service: tuple[HomeService, ...] = ()
    on_time_exempt: bool = Field(
        default=False, description="Exempt from the 100 % on-time rule (Decree 61/2018, article 14, clause 5)."
    )
    overlays: tuple[Provenance, ...] = Field(default=(), description="Which of the facts the province has set.")

    def receives(self, on: date) -> tuple[ReceivingRule, ...]:
        """The offices that take it on that day, in the order of the record."""
        return tuple(rule for rule in self.receiving if rule.accepts and rule.in_force(on))

    def refuses(self, on: date) -> tuple[ReceivingRule, ...]:
        """The offices that explicitly do not take it on that day."""
        return tuple(rule for rule in self.receiving if not rule.accepts and rule.in_force(on))

    def set_by_province(self, fact: str) -> Provenance | None:
        """Who set that kind of fact (`Provenance.fact`), the newest entry; None when the national text says it."""
        return next((entry for entry in reversed(self.overlays) if entry.fact == fact), None)

    def home_service_at(self, place: str | None) -> HomeService | None:
        """The home service in a commune: its own, else the province's; only the latter when the place is not known."""
        for wanted in (place, None):
            for service in self.home_service:
                if service.place == wanted:
                    return service
        return None
