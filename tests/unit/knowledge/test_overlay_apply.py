"""The province's layer over the national text: what it changes, from when, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.overlays import Kind, Overlay, apply, counts, next_change
from knowledge.procedures import (
    Channel,
    Fee,
    OfficeKind,
    OnlineLevel,
    OnlineValue,
    Procedure,
    ReceivingRule,
    Source,
)

TODAY = date(2026, 11, 22)
BIRTH = Procedure(
    code="1.001193",
    name="Đăng ký khai sinh",
    receiving=(ReceivingRule(office=OfficeKind.commune_centre, valid_from=date(2025, 7, 1), decision="national"),),
    online=OnlineLevel(scheme="ND42_2022", value=OnlineValue.full, source="national"),
    channels=(Channel.in_person, Channel.post),
    fees=(
        Fee(amount=8000, text="8.000 đồng", channel=Channel.in_person),
        Fee(amount=8000, text="8.000 đồng", channel=Channel.online),
    ),
    source=Source(title="national"),
)
OTHER = BIRTH.model_copy(update={"code": "1.004222", "name": "Đăng ký thường trú"})


def row(kind: str, value: dict[str, Any], *, id_: int = 1, code: str = BIRTH.code, **more: Any) -> Overlay:
    about: dict[str, Any] = {"valid_from": None, "valid_to": None, "decision": "01/NQ-HĐND", **more}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Overlay(id=id_, code=code, kind=Kind(kind), value=value, source="test", actor="lan", at=at, **about)


def one(*rows: Overlay, on: date = TODAY) -> Procedure:
    return apply((BIRTH,), rows, on)[0]


def test_what_the_province_does_not_speak_of_stays_the_very_same() -> None:
    level = row("online_level", {"scheme": "ND43_2011", "value": "level_3"})
    changed, same = apply((BIRTH, OTHER), (level, row("fee", {"amount": 1}, code="9.999999")), TODAY)
    assert same is OTHER
    assert changed.online is not None
    assert (changed.online.scheme, changed.online.value) == ("ND43_2011", OnlineValue.level_3)
    assert changed.name == BIRTH.name
    assert changed.fees == BIRTH.fees


def test_a_record_written_before_there_was_a_layer_says_nothing_of_the_province() -> None:
    old = '{"code": "1.001193", "name": "Đăng ký khai sinh", "fees": [{"text": "Miễn phí"}], "source": {"title": "x"}}'
    read = Procedure.model_validate_json(old)
    assert (read.post_in, read.post_out, read.home_service, read.on_time_exempt) == (None, None, (), False)
    assert (read.overlays, read.fees[0].decision) == ((), None)


def test_who_set_it_by_what_and_from_when_stays_with_the_procedure() -> None:
    said = one(row("post", {"in": True}, id_=7, valid_from=date(2026, 1, 1))).set_by_province("post")
    assert said is not None
    assert (said.set_by, said.decision, said.valid_from, said.overlay) == ("lan", "01/NQ-HĐND", date(2026, 1, 1), 7)
    assert BIRTH.set_by_province("post") is None


def test_a_refusal_of_the_province_takes_the_place_of_the_national_rule_from_its_day_on() -> None:
    refused = row("receiving", {"office": "commune_centre", "accepts": False}, valid_from=date(2026, 6, 1))
    centre = row(
        "receiving",
        {"office": "province_centre", "accepts": True, "note": "tầng 1"},
        id_=2,
        valid_from=date(2026, 6, 1),
        decision="2377/QĐ-UBND",
    )
    laid = one(refused, centre)
    day = date(2026, 6, 1)
    assert [rule.office for rule in laid.receives(date(2026, 5, 31))] == [OfficeKind.commune_centre]
    assert laid.refuses(date(2026, 5, 31)) == ()
    assert [(rule.office, rule.decision, rule.note) for rule in laid.receives(day)] == [
        (OfficeKind.province_centre, "2377/QĐ-UBND", "tầng 1")
    ]
    assert [(rule.office, rule.decision) for rule in laid.refuses(day)] == [(OfficeKind.commune_centre, "01/NQ-HĐND")]


def test_when_a_rule_of_the_province_ends_the_national_one_holds_again() -> None:
    refused = row(
        "receiving",
        {"office": "commune_centre", "accepts": False},
        valid_from=date(2026, 1, 1),
        valid_to=date(2026, 1, 31),
    )
    laid = one(refused)
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1))
    assert [bool(laid.receives(day)) for day in days] == [True, False, False, True]
    assert [bool(laid.refuses(day)) for day in days] == [False, True, True, False]


def test_a_later_rule_of_the_province_follows_the_earlier_one() -> None:
    value = {"office": "land_office", "accepts": True}
    laid = one(
        row("receiving", value, decision="A"),
        row("receiving", value, id_=2, decision="B", valid_from=date(2026, 3, 1)),
    )

    def deciding(day: date) -> list[str | None]:
        return [rule.decision for rule in laid.receives(day) if rule.office is OfficeKind.land_office]

    assert deciding(date(2026, 2, 28)) == ["A"]
    assert deciding(date(2026, 3, 1)) == ["B"]


def test_an_exception_for_some_days_gives_way_to_the_rule_before_it() -> None:
    value = {"office": "land_office", "accepts": True}
    closed = row("receiving", {**value, "accepts": False}, id_=2, valid_from=TODAY, valid_to=TODAY)
    laid = one(row("receiving", value, valid_from=date(2026, 1, 1)), closed)
    for day, takes in ((date(2026, 11, 21), True), (TODAY, False), (date(2026, 11, 23), True)):
        assert any(rule.office is OfficeKind.land_office for rule in laid.receives(day)) is takes
        assert any(rule.office is OfficeKind.land_office for rule in laid.refuses(day)) is not takes


def test_an_office_with_a_name_of_its_own_replaces_only_itself() -> None:
    named = {"office": "other", "name": "Trung tâm Hành chính công", "accepts": True}
    laid = one(row("receiving", named), row("receiving", {**named, "name": "Bưu điện", "accepts": False}, id_=2))
    assert [rule.name for rule in laid.receives(TODAY)] == ["Trung tâm Hành chính công", None]
    assert [rule.name for rule in laid.refuses(TODAY)] == ["Bưu điện"]


def test_a_fee_of_the_council_replaces_the_same_way_of_handing_in() -> None:
    laid = one(row("fee", {"amount": 0, "channel": "online"}, valid_from=date(2026, 1, 1)))
    assert [(fee.channel, fee.amount, fee.text, fee.decision) for fee in laid.fees] == [
        (Channel.online, 0, "Miễn phí", "01/NQ-HĐND"),
        (Channel.in_person, 8000, "8.000 đồng", None),
    ]
    assert [fee.amount for fee in one(row("fee", {"amount": 5000})).fees] == [5000]


def test_a_fee_of_the_council_replaces_the_text_that_leaves_it_to_the_council() -> None:
    national = BIRTH.model_copy(update={"fees": (Fee(text="Do Hội đồng nhân dân cấp tỉnh quy định"),)})
    laid = apply((national,), (row("fee", {"amount": 12_000, "channel": "in_person"}),), TODAY)[0]
    assert [fee.text for fee in laid.fees] == ["12.000 đồng"]


@pytest.mark.parametrize(("in_", "expected"), [(True, True), (False, False)])
def test_post_in_decides_whether_post_is_a_way_to_hand_in(in_: bool, expected: bool) -> None:
    laid = one(row("post", {"in": in_, "out": True}))
    assert (Channel.post in laid.channels) is expected
    assert (laid.post_in, laid.post_out) == (in_, True)


def test_home_service_of_a_commune_goes_before_that_of_the_province() -> None:
    laid = one(
        row("home_service", {"text": "cả tỉnh"}, code="*"),
        row("home_service", {"text": "riêng", "place": "30316"}, id_=2, code="*"),
    )
    texts = [service.text if service else None for service in map(laid.home_service_at, ("30316", "30301", None))]
    assert texts == ["riêng", "cả tỉnh", "cả tỉnh"]
    assert BIRTH.home_service_at("30316") is None


def test_what_is_said_of_the_procedure_goes_before_what_is_said_of_all() -> None:
    every = row("on_time_exempt", {"exempt": False}, id_=9, code="*", valid_from=date(2026, 6, 1))
    own = row("on_time_exempt", {"exempt": True})
    assert one(own, every).on_time_exempt is True
    assert apply((OTHER,), (own, every), TODAY)[0].on_time_exempt is False


def test_facts_hold_between_their_days_only() -> None:
    soon = row("online_level", {"scheme": "ND42_2022", "value": "partial"}, valid_from=date(2026, 12, 1))
    assert one(soon) is BIRTH
    later = one(soon, on=date(2026, 12, 1)).online
    assert later is not None
    assert later.value is OnlineValue.partial
    over = row("online_level", {"scheme": "ND42_2022", "value": "partial"}, valid_to=date(2026, 11, 21))
    assert one(over) is BIRTH


def test_the_next_day_of_change_is_known() -> None:
    rows = (
        row("fee", {"amount": 1}, valid_from=date(2027, 1, 1)),
        row("fee", {"amount": 1}, valid_from=date(2020, 1, 1), valid_to=date(2026, 12, 24)),
        row("fee", {"amount": 1}, valid_to=date.max),
    )
    assert next_change(rows, TODAY) == date(2026, 12, 25)
    assert next_change(rows, date(2026, 12, 25)) == date(2027, 1, 1)
    assert next_change(rows, date(2027, 1, 1)) is None


VALUES = [
    ("online_level", {"scheme": "ND43_2011", "value": "level_4"}),
    ("online_level", {"scheme": "ND42_2022", "value": "unknown"}),
    ("receiving", {"office": "commune_centre", "accepts": False}),
    ("receiving", {"office": "province_centre", "accepts": True}),
    ("fee", {"amount": 10}),
    ("fee", {"text": "theo biểu", "channel": "online"}),
    ("post", {"in": False}),
    ("post", {"out": True}),
    ("home_service", {"text": "tại nhà"}),
    ("on_time_exempt", {"exempt": True}),
]
DAYS = st.none() | st.dates(date(2025, 1, 1), date(2027, 12, 31))


@given(
    st.lists(st.tuples(st.sampled_from(VALUES), DAYS, DAYS), max_size=8), st.dates(date(2025, 1, 1), date(2027, 12, 31))
)
def test_laying_twice_is_laying_once_and_no_day_has_an_office_that_takes_and_refuses(
    facts: list[tuple[tuple[str, dict[str, Any]], date | None, date | None]], day: date
) -> None:
    rows = [
        row(kind, value, id_=number, valid_from=begin, valid_to=end)
        for number, ((kind, value), begin, end) in enumerate(facts)
        if begin is None or end is None or begin <= end
    ]
    once = one(*rows)
    assert apply((once,), rows, TODAY) == (once,)
    takes = {rule.office for rule in once.receives(day)}
    assert not takes & {rule.office for rule in once.refuses(day)}
    assert Procedure.model_validate_json(once.model_dump_json(exclude_defaults=True)) == once


def test_levels_are_counted_by_scheme_and_unknown_is_counted_as_not_known() -> None:
    rows = (
        row("online_level", {"scheme": "ND43_2011", "value": "level_3"}, id_=1),
        row("online_level", {"scheme": "ND43_2011", "value": "level_4"}, id_=2, valid_from=date(2026, 1, 1)),
        row("online_level", {"scheme": "ND43_2011", "value": "unknown"}, id_=3, code="2.000001"),
        row("online_level", {"scheme": "ND42_2022", "value": "full"}, id_=4, code="2.000002"),
    )
    old, new = sorted(counts(rows, TODAY, known={BIRTH.code, "2.000001"}), key=lambda c: c.scheme, reverse=True)
    assert (old.scheme, old.values, old.known, old.without, old.unlisted) == ("ND43_2011", {"level_4": 1}, 1, 1, 0)
    assert (new.scheme, new.values, new.known, new.without, new.unlisted) == ("ND42_2022", {"full": 1}, 1, 2, 1)
    assert counts(rows, date(2025, 1, 1))[1].values == {"level_3": 1}
