"""What has grown old in a catalogue."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge import freshness
from knowledge.procedures import OfficeKind, Procedure, ReceivingRule, Source

TODAY = date(2026, 7, 1)


def procedure(code: str, **more: object) -> Procedure:
    return Procedure.model_validate({"code": code, "name": "Đăng ký khai sinh", "source": {"title": "x"}, **more})


def test_the_table_of_replaced_texts_is_whole() -> None:
    table = freshness.replaced()
    numbers = [row.number for row in table]
    assert len(numbers) == len(set(numbers)) > 50
    for row in table:
        assert row.number not in row.replaced_by
        assert all("/" in number for number in (row.number, *row.replaced_by))
        # What replaces a text is no older than the text.
        assert max(int(n.split("/")[1][:4]) for n in row.replaced_by) >= int(row.number.split("/")[1][:4])
        assert row.since.year >= int(row.number.split("/")[1][:4])


@pytest.mark.parametrize(
    "text",
    [
        "Nghị định số 61/2018/NĐ-CP ngày 23/4/2018",
        "61/2018/ND-CP",
        "nghị định 61/2018/nđ-cpLuật",
        "NGHỊ ĐỊNH 061/2018/NĐ-CP",
    ],
)
def test_a_replaced_decree_is_found_as_people_write_it(text: str) -> None:
    assert [row.number for row in freshness.cited([text], TODAY)] == ["61/2018/NĐ-CP"]


@pytest.mark.parametrize(
    "text", ["", "161/2018/NĐ-CP", "61/2018/NĐ-CP-2", "Nghị định 118/2025/NĐ-CP", "61/2018", "1/61/2018/NĐ-CP", "\0💥"]
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert freshness.cited([text], TODAY) == ()


def test_a_text_is_in_force_until_the_day_it_is_replaced() -> None:
    assert freshness.cited(["61/2018/NĐ-CP"], date(2025, 6, 30)) == ()
    assert freshness.cited(["61/2018/NĐ-CP"], date(2025, 7, 1))


def test_records_are_old_by_their_own_day_or_by_that_of_the_data() -> None:
    old, new, silent = (
        procedure("1.000001", checked="2025-06-30"),
        procedure("1.000002", checked="2025-07-02"),
        procedure("1.000003"),
    )
    found = freshness.look([new, silent, old], TODAY, taken=date(2025, 1, 1), months=12)
    assert [(row.code, row.months) for row in found.aged] == [("1.000003", 18), ("1.000001", 12)]
    assert freshness.look([silent], TODAY, taken=TODAY, months=12).aged == ()


def test_a_record_that_cites_replaced_texts_names_each_once() -> None:
    record = procedure(
        "1.000001", legal=("61/2018/NĐ-CP", "Nghị định 61/2018/NĐ-CP", "Luật 45/2013/QH13", "60/2014/QH13")
    )
    (citing,) = freshness.look([record], TODAY, taken=TODAY).citing
    assert {text.number for text in citing.texts} == {"61/2018/NĐ-CP", "45/2013/QH13"}


def test_a_record_whose_offices_have_all_ended_is_homeless() -> None:
    ended = ReceivingRule(office=OfficeKind.district_centre, valid_to=date(2025, 6, 30))
    today = ReceivingRule(office=OfficeKind.commune_centre)
    refuses = ReceivingRule(office=OfficeKind.province_centre, accepts=False)
    records = [
        Procedure(code="a", name="A", source=Source(title="x"), receiving=(ended, refuses)),
        Procedure(code="b", name="B", source=Source(title="x"), receiving=(ended, today)),
        Procedure(code="c", name="C", source=Source(title="x")),
    ]
    found = freshness.look(records, TODAY, taken=TODAY).homeless
    assert [(row.code, row.since) for row in found] == [("a", date(2025, 6, 30))]


def test_a_catalogue_of_yesterday_has_nothing_old() -> None:
    assert freshness.look([procedure("1.000001", checked="2026-06-30")], TODAY, taken=TODAY) == freshness.Freshness(
        (), (), ()
    )
