"""The model of a procedure: what it takes, what it refuses, which rules hold on a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from knowledge.procedures import (
    Channel,
    DocumentItem,
    Fee,
    OfficeKind,
    OnlineLevel,
    OnlineValue,
    Procedure,
    ProcessingTime,
    ReceivingRule,
    Source,
)

STARTER = Path(__file__).resolve().parents[3] / "knowledge" / "starter"
SOURCE = Source(title="thử")


def _procedure(**more: Any) -> Procedure:
    return Procedure(code="1.000001", name="Thủ tục thử", source=SOURCE, **more)


def test_the_least_record_says_nothing_that_it_does_not_hold() -> None:
    procedure = _procedure()
    assert [procedure.receiving, procedure.documents, procedure.fees, procedure.times] == [(), (), (), ()]
    assert procedure.online is None
    assert procedure.checked is None
    assert not procedure.starter


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": ""},
        {"code": "  "},
        {"name": " \n "},
        {"everyday": ["ổn", " "]},
        {"channels": ["by pigeon"]},
        {"nothing": 1},
        {"source": {}},
        {"source": {"title": "x", "nothing": 1}},
        {"checked": "soon"},
        {"fees": [{"text": "5 đồng", "amount": -5}]},
        {"fees": [{"amount": 5}]},
        {"times": [{"text": "x", "value": -1}]},
        {"times": [{"text": "x", "unit": "fortnight"}]},
        {"documents": [{"items": [{"name": "x", "original": -1}]}]},
        {"receiving": [{"office": "nowhere"}]},
        {"receiving": [{"office": "other"}]},
        {"receiving": [{"office": "commune_centre", "valid_from": "2026-01-02", "valid_to": "2026-01-01"}]},
    ],
)
def test_a_record_that_cannot_be_right_is_refused(wrong: dict[str, Any]) -> None:
    record = {"code": "1.000001", "name": "Thủ tục thử", "source": {"title": "thử"}, **wrong}
    with pytest.raises(ValidationError):
        Procedure.model_validate(record)


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        _procedure().name = "khác"


def test_space_around_a_line_is_taken_off() -> None:
    assert Fee(text="  Miễn phí ").text == "Miễn phí"
    assert DocumentItem(name=" Tờ khai\n").name == "Tờ khai"
    assert ProcessingTime(text=" 3 ngày ").text == "3 ngày"


def test_a_record_survives_its_own_json() -> None:
    procedure = _procedure(
        receiving=(ReceivingRule(office=OfficeKind.commune_centre, valid_from=date(2025, 7, 1), decision="1/QĐ"),),
        online=OnlineLevel(scheme="ND42_2022", value=OnlineValue.full, as_of=date(2026, 7, 1), source="Cổng"),
        channels=(Channel.online, Channel.post),
        fees=(Fee(amount=0, text="Miễn phí"),),
        checked=date(2026, 11, 22),
    )
    assert Procedure.model_validate_json(procedure.model_dump_json()) == procedure
    assert Procedure.model_validate_json(procedure.model_dump_json(exclude_defaults=True)) == procedure


# Rules and days


def _rule(start: str | None = None, end: str | None = None, *, accepts: bool = True) -> ReceivingRule:
    return ReceivingRule(
        office=OfficeKind.commune_centre,
        accepts=accepts,
        valid_from=date.fromisoformat(start) if start else None,
        valid_to=date.fromisoformat(end) if end else None,
    )


@pytest.mark.parametrize(
    ("start", "end", "on", "holds"),
    [
        (None, None, "2000-01-01", True),
        ("2025-07-01", None, "2025-06-30", False),
        ("2025-07-01", None, "2025-07-01", True),
        (None, "2025-06-30", "2025-06-30", True),
        (None, "2025-06-30", "2025-07-01", False),
        ("2025-07-01", "2025-07-01", "2025-07-01", True),
    ],
)
def test_a_rule_holds_from_its_first_to_its_last_day(start: str, end: str, on: str, holds: bool) -> None:
    assert _rule(start, end).in_force(date.fromisoformat(on)) is holds


def test_who_receives_and_who_refuses_depends_on_the_day() -> None:
    before, after = _rule(end="2025-06-30"), _rule("2025-07-01")
    refused = _rule("2025-07-01", accepts=False)
    procedure = _procedure(receiving=(after, before, refused))
    assert procedure.receives(date(2025, 6, 30)) == (before,)
    assert procedure.receives(date(2025, 7, 1)) == (after,)
    assert procedure.refuses(date(2025, 6, 30)) == ()
    assert procedure.refuses(date(2025, 7, 1)) == (refused,)


def test_offices_keep_the_order_of_the_record() -> None:
    rules = tuple(ReceivingRule(office=kind) for kind in (OfficeKind.land_office, OfficeKind.commune_centre))
    assert _procedure(receiving=rules).receives(date(2026, 1, 1)) == rules


# Online levels


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("ND42_2022", "level_3"),
        ("ND42_2022", "level_1_2"),
        ("ND43_2011", "full"),
        ("ND43_2011", "partial"),
        ("ND43_2011", "information"),
        ("", "full"),
        ("nonsense", "unknown"),
    ],
)
def test_a_level_of_another_scheme_is_refused(scheme: str, value: str) -> None:
    with pytest.raises(ValidationError):
        OnlineLevel.model_validate({"scheme": scheme, "value": value})


@pytest.mark.parametrize("value", list(OnlineValue))
def test_every_level_belongs_to_a_scheme(value: OnlineValue) -> None:
    fits = []
    for scheme in ("ND43_2011", "ND42_2022"):
        try:
            OnlineLevel(scheme=scheme, value=value)
        except ValidationError:
            continue
        fits.append(scheme)
    assert len(fits) == (2 if value is OnlineValue.unknown else 1)


# What the program ships


def test_the_starter_catalogue_is_valid_and_large_enough() -> None:
    seen: dict[str, Procedure] = {}
    fields = set()
    for path in sorted(STARTER.glob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        fields.add(document["field"])
        for record in document["procedures"]:
            procedure = Procedure.model_validate({"field": document["field"], **record})
            assert procedure.code not in seen, procedure.code
            seen[procedure.code] = procedure
    assert len(seen) >= 150
    assert len(fields) >= 20
    kinds = {rule.office for procedure in seen.values() for rule in procedure.receives(date(2026, 11, 22))}
    assert {OfficeKind.commune_centre, OfficeKind.province_centre, OfficeKind.commune_police} <= kinds
    for procedure in seen.values():
        assert procedure.checked, procedure.code
        assert procedure.everyday, procedure.code
    # A record whose source does not name the office says so; that must stay the exception.
    homeless = [procedure.code for procedure in seen.values() if not procedure.receives(date(2026, 11, 22))]
    assert len(homeless) * 20 < len(seen), homeless
