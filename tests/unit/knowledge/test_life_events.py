"""Life events are told from ordinary words, and their table is one that people can correct without breaking it."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import questions
from knowledge.catalogue import STARTER
from knowledge.importers import overlay
from knowledge.life_events import LifeEvents
from knowledge.text import fold

TOLD = {
    "ba tôi mới mất": "death",
    "má tui vừa qua đời rồi giờ phải làm sao": "death",
    "ông nội em mới mất hôm qua": "death",
    "mới sinh em bé": "birth",
    "vợ em sắp sinh cần chuẩn bị giấy tờ gì": "birth",
    "mới mua đất": "land",
    "tôi mới mua miếng đất ở xã Óc Eo": "land",
    "mới chuyển chỗ ở": "moved",
    "sắp cưới": "marriage",
    "nghỉ hưu": "retirement",
    "muốn mở quán ăn cần giấy gì": "eatery",
    "định mở tiệm tạp hóa": "shop",
    "chuẩn bị cất nhà": "house",
    "tôi muốn xây nhà": "house",
    "tôi mới mất cái ví": "lost_wallet",
    "em mới nghỉ việc": "jobless",
}
OTHERWISE = [
    "ba tôi mới mất cccd",
    "ba tôi mới mất cái thẻ bảo hiểm",
    "cccd em mất rồi",
    "mất xe",
    "tôi sinh năm 1990",
    "em mới sinh viên năm nhất",
    "sắp lấy chồng hàn quốc",
    "mặt tôi mới",
    "nhà nghỉ",
    "",
    "???",
    "x" * 5_000,
    "\ud800",
]
STEPS = "[&s {code: '1.000001', label: x, line: y}, *s]"
NAMED = [
    "ba tôi mới mất, đăng ký khai tử ở đâu",
    "mới sinh em bé làm giấy khai sinh cần giấy gì",
    "tôi mới mua đất muốn sang tên sổ đỏ",
    "tôi năm nay 20 tuổi sắp lấy vợ thì đăng ký kết hôn thế nào",
    "nghỉ hưu 1.014171",
    "muốn cất nhà ở chợ mới xin giấy phép ở đâu",
]


@pytest.mark.parametrize(("text", "key"), TOLD.items())
def test_what_happened_is_told_with_and_without_diacritics(text: str, key: str) -> None:
    for said in (text, fold(text), text.upper(), f"dạ {text}"):
        event = questions.event(questions.read(said))
        assert event is not None, said
        assert event.key == key


@pytest.mark.parametrize("text", OTHERWISE)
def test_what_only_looks_like_it_is_none(text: str) -> None:
    assert LifeEvents.load().told(text) is None


@pytest.mark.parametrize("text", NAMED)
def test_who_names_a_procedure_wants_that_one(text: str) -> None:
    assert questions.event(questions.read(text)) is None


def test_the_rest_of_the_message_is_kept() -> None:
    told = LifeEvents.load().told("dạ ba tôi mới mất rồi, bảo hiểm thì sao")
    assert told is not None
    assert told.rest == "dạ , rồi bảo hiểm thì sao"


def test_each_event_leads_to_procedures_that_the_starter_holds() -> None:
    held = {procedure.code for procedure in overlay.load(STARTER.glob("*.yml")).procedures}
    for event in LifeEvents.load().events:
        codes = [step.code for step in event.steps]
        assert len(codes) == len(set(codes)), event.key
        assert len(held.intersection(codes)) >= 2, event.key


@pytest.mark.parametrize(
    "broken",
    [
        "events: [{key: a}]",
        "events: 5",
        "{",
        f"events:\n- {{key: a, title: b, opening: c, said: [<nobody> đi], steps: {STEPS}}}",
        f"events:\n- {{key: a, title: b, opening: c, said: [(đi)], steps: {STEPS}}}",
        f"events:\n- {{key: a, title: b, opening: c, said: [], steps: {STEPS}}}",
        "events:\n- {key: a, title: b, opening: c, said: [đi], steps: [{code: '1.1', label: x, line: y}]}",
    ],
)
def test_a_table_that_is_wrong_is_refused(tmp_path: Path, broken: str) -> None:
    (tmp_path / "events.yml").write_text(broken, encoding="utf-8")
    with pytest.raises(ValueError, match="events"):
        LifeEvents(tmp_path / "events.yml")
