"""What the province has set is told with its decision and its day, and never with the name of who entered it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from knowledge import answers
from knowledge.answers import Context, answer
from knowledge.places import Gazetteer
from knowledge.procedures import (
    Fee,
    HomeService,
    OfficeKind,
    OnlineLevel,
    OnlineValue,
    Procedure,
    ProcessingTime,
    Provenance,
    ReceivingRule,
    Source,
)
from knowledge.questions import Facet

NOWHERE = Context(on=date(2026, 11, 22), data_day=date(2026, 8, 1))
THERE = Context(on=NOWHERE.on, data_day=NOWHERE.data_day, place=Gazetteer.load().get("30313"))
RECORD = Procedure(
    code="1.000001",
    name="Thủ tục thử nghiệm",
    receiving=(ReceivingRule(office=OfficeKind.commune_centre),),
    times=(ProcessingTime(text="5 ngày làm việc"),),
    source=Source(title="x"),
)


def _record(**more: Any) -> Procedure:
    return RECORD.model_copy(update=more)


def _set(fact: str, **more: Any) -> Procedure:
    entry = Provenance(
        fact=fact,
        set_by="b.nguyen",
        source="danh mục 2026",
        decision="12/QĐ-UBND",
        valid_from=date(2026, 3, 1),
        overlay=1,
    )
    return _record(overlays=(entry,), **more)


BY = "tỉnh An Giang quy định, 12/QĐ-UBND, từ 01/03/2026"


@pytest.mark.parametrize(
    ("facet", "procedure", "said"),
    [
        (
            Facet.online,
            _set("online_level", online=OnlineLevel(scheme="ND42_2022", value=OnlineValue.full)),
            f"toàn trình: nộp, trả phí và nhận kết quả đều làm qua mạng được. Vào {answers.PORTAL} ({BY})",
        ),
        (Facet.post, _set("post", post_in=True, post_out=True), f"nộp hồ sơ được, trả kết quả về nhà được ({BY})"),
        (Facet.post, _set("post", post_in=False, post_out=None), f"không nhận hồ sơ ({BY})"),
        (Facet.post, _set("post", post_out=True), f"chưa ghi có nhận hồ sơ không, trả kết quả về nhà được ({BY})"),
        (
            Facet.time,
            _set("on_time_exempt", on_time_exempt=True),
            f"không tính vào chỉ tiêu 100 % hồ sơ đúng hẹn ({BY})",
        ),
        (
            Facet.fee,
            _record(fees=(Fee(text="30.000 đồng", decision="Nghị quyết 9/NQ-HĐND", valid_from=date(2026, 1, 1)),)),
            "30.000 đồng (Hội đồng nhân dân tỉnh quy định, Nghị quyết 9/NQ-HĐND, từ 01/01/2026)",
        ),
        (
            Facet.where,
            _set("home_service", home_service=(HomeService(place="30313", text="Người già yếu được đến tận nhà."),)),
            f"Nhận, trả tại nhà: Người già yếu được đến tận nhà ({BY}).",
        ),
    ],
)
def test_what_the_province_has_set_is_told_with_its_decision_and_day(
    facet: Facet, procedure: Procedure, said: str
) -> None:
    text = answer(procedure, [facet], THERE)
    assert said in text
    assert "b.nguyen" not in text


def test_home_service_of_another_commune_is_not_told() -> None:
    elsewhere = _set("home_service", home_service=(HomeService(place="30316", text="Đến tận nhà."),))
    assert "tại nhà" not in answer(elsewhere, [Facet.where], THERE)
    everywhere = _set("home_service", home_service=(HomeService(text="Đến tận nhà."),))
    assert "Đến tận nhà" in answer(everywhere, [Facet.where], NOWHERE)
