"""Two sources of one procedure: who wins is a rule, and the report shows what came from where."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from knowledge.importers import merge
from knowledge.importers._intake import provisional
from knowledge.importers.report import Imported, Report, Severity
from knowledge.procedures import Fee, Procedure, Source


def procedure(code: str = "1.000001", *, decided: date | None = None, **values: Any) -> Procedure:
    base: dict[str, Any] = {"name": "Đăng ký", "source": Source(title="Nguồn", decided=decided)}
    return Procedure(code=code, **{**base, **values})


def imported(name: str, *procedures: Procedure) -> Imported:
    report = Report(name, sha256=name, format=name, total=len(procedures), accepted=len(procedures))
    report.add(1, procedures[0].code if procedures else "", "name", Severity.fixed, "something")
    return Imported(procedures, report)


OLD, NEW = date(2024, 1, 1), date(2026, 1, 1)
FEE, OTHER_FEE = (Fee(amount=1000, text="1.000 đồng"),), (Fee(amount=2000, text="2.000 đồng"),)


@pytest.mark.parametrize("swapped", [False, True])
def test_the_newer_decision_wins_whichever_comes_first(swapped: bool) -> None:
    old, new = procedure(decided=OLD, fees=FEE, field="Cũ"), procedure(decided=NEW, field="Mới")
    pair = (imported("new", new), imported("old", old)) if swapped else (imported("old", old), imported("new", new))
    result = merge(*pair)
    (merged,) = result.procedures
    assert (merged.field, merged.fees, merged.source.decided) == ("Mới", FEE, NEW)
    remark = result.report.remarks[-1]
    assert (remark.trap, remark.code) == ("merged", "1.000001")
    assert remark.message == f"from new (its decision is newer, {NEW}); fees from old"


@pytest.mark.parametrize("swapped", [False, True])
def test_details_beat_a_line_of_a_list_and_lose_nothing(swapped: bool) -> None:
    detail = procedure(steps=("Nộp",), name="Đăng ký khai sinh")
    line = procedure(field="Hộ tịch", promulgator="Bộ Tư pháp", name="Tên trong danh sách", decided=NEW)
    pair = (imported("detail", detail), imported("list", line))
    (merged,) = merge(*(reversed(pair) if swapped else pair)).procedures
    assert (merged.name, merged.steps) == ("Đăng ký khai sinh", ("Nộp",))
    assert (merged.field, merged.promulgator) == ("Hộ tịch", "Bộ Tư pháp")


def test_then_the_later_day_then_the_second_source_wins() -> None:
    one, two = procedure(fees=FEE, checked=NEW), procedure(fees=OTHER_FEE, checked=OLD)
    assert merge(imported("one", one), imported("two", two)).procedures[0].fees == FEE
    one, two = procedure(fees=FEE), procedure(fees=OTHER_FEE)
    assert merge(imported("one", one), imported("two", two)).procedures[0].fees == OTHER_FEE


def test_a_record_that_names_its_decision_beats_one_that_names_none() -> None:
    named = procedure(fees=FEE, source=Source(title="Nguồn", decision="1/QĐ-BTP"))
    assert merge(imported("one", named), imported("two", procedure(fees=OTHER_FEE))).procedures[0].fees == FEE


def test_everyday_names_of_both_are_kept_and_the_order_of_the_first_source_too() -> None:
    first = imported("a", procedure("1.000001", everyday=("làm khai sanh",)), procedure("1.000002"))
    second = imported("b", procedure("1.000003"), procedure("1.000001", everyday=("giấy khai sinh", "làm khai sanh")))
    result = merge(first, second)
    assert [p.code for p in result.procedures] == ["1.000001", "1.000002", "1.000003"]
    assert result.procedures[0].everyday == ("làm khai sanh", "giấy khai sinh")
    assert (result.report.source, result.report.total, result.report.accepted) == ("a + b", 4, 3)
    rule, *remarks = result.report.remarks
    assert "a newer decision wins" in rule.message
    assert [remark.source for remark in remarks] == ["a", "b", "a + b"]


def test_a_record_without_a_code_is_the_procedure_of_the_same_name() -> None:
    nameless = procedure(provisional("ĐĂNG KÝ thường trú"), name="Đăng ký thường trú.", steps=("Nộp",))
    unknown = procedure(provisional("Việc lạ"), name="Việc lạ")
    known = procedure("1.004222", name="Đăng ký thường trú", field="Cư trú")
    for pair in ((imported("old", nameless, unknown), imported("list", known)),
                 (imported("list", known), imported("old", nameless, unknown))):  # fmt: skip
        found = {p.code: p for p in merge(*pair).procedures}
        assert set(found) == {"1.004222", unknown.code}
        assert (found["1.004222"].steps, found["1.004222"].field) == (("Nộp",), "Cư trú")


def test_a_name_that_two_procedures_bear_is_no_code() -> None:
    nameless = procedure(provisional("Đăng ký"))
    both = imported("list", procedure("1.000001"), procedure("1.000002"))
    assert [p.code for p in merge(both, imported("old", nameless)).procedures][2] == nameless.code


def test_merging_a_source_with_itself_changes_and_tells_nothing() -> None:
    source = imported("a", procedure(decided=OLD, fees=FEE), procedure("1.000002"))
    result = merge(source, source)
    assert result.procedures == source.procedures
    assert result.report.traps() == {"merged": 1}
