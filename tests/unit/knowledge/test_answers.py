"""Answers: facts of the record and nothing else, the place first, the source last."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import answers
from knowledge.answers import Context, answer
from knowledge.catalogue import STARTER, read_source
from knowledge.places import Gazetteer, Place
from knowledge.procedures import (
    Channel,
    DocumentCase,
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
from knowledge.questions import Facet

SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
ON = date(2026, 11, 22)
NOWHERE = Context(on=ON, data_day=date(2026, 8, 1))


def _place(text: str) -> Place:
    match = Gazetteer.load().resolve(text, ON).one
    assert match is not None
    return match.place


HERE = replace(NOWHERE, place=_place("xã Mỹ Hòa Hưng"))
CENTRE = ReceivingRule(office=OfficeKind.commune_centre)
FULL = Procedure(
    code="1.000001",
    name="Thủ tục thử nghiệm.",
    receiving=(CENTRE,),
    channels=(Channel.in_person, Channel.online),
    documents=(
        DocumentCase(items=(DocumentItem(name="Tờ khai", original=1, copy_count=2), DocumentItem(name="Ảnh 3x4"))),
    ),
    fees=(Fee(amount=50_000, text="50.000 đồng"),),
    times=(ProcessingTime(text="5 ngày làm việc"),),
    steps=("Điền tờ khai", "Nộp hồ sơ"),
    results=("Giấy phép thử",),
    legal=("60/2014/QH13", "1/2026/NĐ-CP"),
    source=Source(title="Cơ sở dữ liệu quốc gia", decision="163/QĐ-BTP", url="https://example.org/x"),
    checked=date(2026, 11, 20),
)
EMPTY = Procedure(code="1.000002", name="Thủ tục trống", source=Source(title="x"))


def _with(**more: Any) -> Procedure:
    return FULL.model_copy(update=more)


# The whole


def test_the_place_comes_first_then_what_was_asked_then_the_source() -> None:
    lines = answer(FULL, [Facet.fee, Facet.documents], HERE).split("\n")
    assert lines[0] == "**Thủ tục thử nghiệm**"
    assert "xã Mỹ Hòa Hưng" in lines[1]
    assert lines[-1] == "Nguồn: mã 1.000001 · Quyết định 163/QĐ-BTP · kiểm tra ngày 20/11/2026."
    text = "\n".join(lines)
    assert text.index("Lệ phí") < text.index("Giấy tờ")


def test_without_a_facet_it_is_a_short_overview() -> None:
    text = answer(FULL, [], HERE)
    for part in ("Nơi nộp", "50.000 đồng", "5 ngày làm việc"):
        assert part in text
    for part in ("Tờ khai", "60/2014/QH13", "Giấy phép thử"):
        assert part not in text


def test_only_where_is_asked_only_where_is_told() -> None:
    text = answer(FULL, [Facet.where], HERE)
    assert "Nơi nộp" in text
    for part in ("Lệ phí", "Thời gian", "Tờ khai"):
        assert part not in text


@pytest.mark.parametrize(
    ("facet", "part"),
    [
        (Facet.documents, "• Tờ khai (1 bản chính, 2 bản sao)\n• Ảnh 3x4"),
        (Facet.fee, "**Lệ phí:** 50.000 đồng."),
        (Facet.time, "**Thời gian:** 5 ngày làm việc."),
        (Facet.how, "• Cách nộp: nộp trực tiếp, nộp trực tuyến\n• Điền tờ khai\n• Nộp hồ sơ"),
        (Facet.result, "**Kết quả:** Giấy phép thử."),
        (Facet.law, "60/2014/QH13, 1/2026/NĐ-CP."),
        (Facet.online, "có, tại Cổng Dịch vụ công quốc gia"),
        (Facet.post, "danh mục không ghi cách nộp này; chỉ ghi nộp trực tiếp, nộp trực tuyến"),
    ],
)
def test_each_facet_tells_its_field(facet: Facet, part: str) -> None:
    assert part in answer(FULL, [facet], HERE)


@pytest.mark.parametrize("facet", [facet for facet in Facet if facet is not Facet.where])
def test_what_the_record_does_not_hold_is_said_with_whom_to_ask(facet: Facet) -> None:
    text = answer(EMPTY, [facet], HERE)
    assert "chưa" in text
    assert "Anh/chị hỏi tại Trung tâm Phục vụ hành chính công xã Mỹ Hòa Hưng." in text
    for invented in ("Miễn phí", "ngày làm việc", "toàn trình"):
        assert invented not in text


def test_told_again_the_place_is_short() -> None:
    text = answer(FULL, [Facet.fee], HERE, again=True)
    assert "📍 **Nơi nộp:** **Trung tâm Phục vụ hành chính công xã Mỹ Hòa Hưng**." in text
    assert "Cũng nộp được" not in text


# Where


def test_nobody_is_sent_to_an_office_that_the_record_does_not_name() -> None:
    text = answers.where(EMPTY, HERE)
    assert "danh mục chưa ghi nơi tiếp nhận" in text
    assert "hỏi tại Trung tâm" in text


def test_rules_that_are_over_are_not_told() -> None:
    old = ReceivingRule(office=OfficeKind.land_office, valid_to=date(2025, 6, 30), decision="cũ")
    text = answers.where(_with(receiving=(old, CENTRE)), HERE)
    assert "đất đai" not in text
    assert "cũ" not in text


def test_who_does_not_take_it_is_told_with_the_decision() -> None:
    refused = ReceivingRule(office=OfficeKind.province_centre, accepts=False, decision="9/QĐ-UBND")
    text = answers.where(_with(receiving=(CENTRE, refused)), HERE)
    assert "Không nộp tại Trung tâm Phục vụ hành chính công tỉnh An Giang (9/QĐ-UBND)." in text


def test_the_decision_and_the_note_of_a_rule_stand_behind_its_office() -> None:
    rule = ReceivingRule(office=OfficeKind.commune_police, decision="3209/QĐ-UBND", note="buổi sáng")
    assert "**Công an xã Mỹ Hòa Hưng** (buổi sáng; 3209/QĐ-UBND)." in answers.where(_with(receiving=(rule,)), HERE)


def test_one_office_named_by_two_rules_is_told_once() -> None:
    text = answers.where(_with(receiving=(CENTRE, CENTRE)), HERE)
    assert text.count("xã Mỹ Hòa Hưng") == 1
    assert "hoặc" not in text


def test_many_offices_are_cut_and_that_is_said() -> None:
    rules = tuple(ReceivingRule(office=OfficeKind.other, name=f"Nơi thứ {n}") for n in range(1, 6))
    text = answers.where(_with(receiving=rules), HERE)
    assert "Nơi thứ 3" in text
    assert "Nơi thứ 4" not in text
    assert "còn 2 nơi" in text


def test_who_decides_is_told_when_it_is_another_one() -> None:
    assert "Cơ quan giải quyết: Sở Nội vụ." in answers.where(_with(decided_by="Sở Nội vụ"), HERE)
    assert "giải quyết" not in answers.where(_with(decided_by="Ủy ban nhân dân cấp xã"), HERE)


def test_an_old_name_is_told_with_what_it_became() -> None:
    context = replace(HERE, old_names=("Xã Cũ", "Xã Xưa"))
    assert answers.where(FULL, context).startswith("Xã Cũ và Xã Xưa (cũ) nay đều thuộc xã Mỹ Hòa Hưng.")
    assert "(cũ)" not in answers.where(FULL, replace(NOWHERE, old_names=("Xã Cũ",)))


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        (OfficeKind.commune_centre, True),
        (OfficeKind.commune_police, True),
        (OfficeKind.commune_military, True),
        (OfficeKind.province_centre, False),
        (OfficeKind.tax_office, False),
        (OfficeKind.court, False),
    ],
)
def test_the_place_is_needed_only_for_offices_of_a_commune(kind: OfficeKind, needed: bool) -> None:
    assert answers.needs_place(_with(receiving=(ReceivingRule(office=kind),)), ON) is needed


def test_the_place_is_not_needed_when_nobody_is_known_to_receive() -> None:
    assert answers.needs_place(EMPTY, ON) is False


# Fees and times


def test_one_line_when_all_ways_cost_the_same() -> None:
    fees = tuple(Fee(text="Miễn phí", channel=channel) for channel in Channel)
    assert "**Lệ phí:** Miễn phí." in answer(_with(fees=fees), [Facet.fee], HERE)


def test_one_line_a_way_when_they_differ() -> None:
    fees = (
        Fee(text="20.000 đồng", channel=Channel.in_person),
        Fee(text="10.000 đồng", channel=Channel.online),
        Fee(text="20.000 đồng", channel=Channel.post),
    )
    text = answer(_with(fees=fees), [Facet.fee], HERE)
    assert "• 20.000 đồng (nộp trực tiếp, qua bưu điện)\n• 10.000 đồng (nộp trực tuyến)" in text


def test_a_note_is_told_unless_it_repeats_the_fee() -> None:
    said = answer(_with(fees=(Fee(text="Miễn phí", note="Bản sao 8.000 đồng"),)), [Facet.fee], HERE)
    assert "Miễn phí (Bản sao 8.000 đồng)." in said
    same = answer(_with(fees=(Fee(text="Miễn phí cho tất cả", note="miễn phí"),)), [Facet.fee], HERE)
    assert "Miễn phí cho tất cả." in same


def test_no_fee_is_not_the_same_as_free() -> None:
    text = answer(_with(fees=()), [Facet.fee], HERE)
    assert "danh mục chưa có thông tin về lệ phí" in text
    assert "Miễn" not in text


# Online


@pytest.mark.parametrize(
    ("scheme", "value", "part"),
    [
        ("ND42_2022", OnlineValue.full, "Có, trực tuyến toàn trình"),
        ("ND42_2022", OnlineValue.partial, "Có, trực tuyến một phần"),
        ("ND42_2022", OnlineValue.information, "Chưa nộp được qua mạng"),
        ("ND43_2011", OnlineValue.level_4, "mức độ 4"),
        ("ND43_2011", OnlineValue.level_3, "mức độ 3"),
        ("ND43_2011", OnlineValue.level_1_2, "Chưa nộp được qua mạng"),
    ],
)
def test_a_level_is_told_in_words_with_its_source_and_day(scheme: str, value: OnlineValue, part: str) -> None:
    level = OnlineLevel(scheme=scheme, value=value, as_of=date(2026, 7, 1), source="báo cáo tỉnh")
    text = answer(_with(online=level), [Facet.online], HERE)
    assert part in text
    assert "(theo báo cáo tỉnh, 07/2026)" in text


@pytest.mark.parametrize("level", [None, OnlineLevel(scheme="ND42_2022", value=OnlineValue.unknown)])
def test_an_unknown_level_is_never_guessed(level: OnlineLevel | None) -> None:
    text = answer(_with(online=level), [Facet.online], HERE)
    assert "chưa ghi là toàn trình hay một phần" in text
    none = answer(_with(online=level, channels=(Channel.in_person,)), [Facet.online], HERE)
    assert "danh mục không ghi cách nộp qua mạng; chỉ ghi nộp trực tiếp" in none
    nothing = answer(_with(online=level, channels=()), [Facet.online], HERE)
    assert "chưa có thông tin" in nothing


# The source


def test_the_starter_catalogue_says_in_every_answer_that_nobody_confirmed_it() -> None:
    for facets in ([], [Facet.where], [Facet.fee, Facet.law]):
        assert answer(_with(starter=True), facets, HERE).endswith(answers.UNCONFIRMED)
        assert answers.UNCONFIRMED not in answer(FULL, facets, HERE)


def test_a_record_without_a_day_bears_the_day_it_was_taken_in() -> None:
    text = answer(_with(checked=None, source=Source(title="x")), [], HERE)
    assert text.endswith("Nguồn: mã 1.000001 · dữ liệu nạp ngày 01/08/2026.")


def test_a_code_that_an_importer_made_up_is_not_told() -> None:
    text = answer(_with(code="KM-0123456789", checked=None, source=Source(title="x")), [], HERE)
    assert text.endswith("Nguồn: thủ tục chưa có mã · dữ liệu nạp ngày 01/08/2026.")


# Long records


def test_what_is_left_out_of_a_list_is_said_with_where_it_is() -> None:
    items = tuple(DocumentItem(name=f"Giấy số {n}") for n in range(1, 31))
    procedure = _with(documents=(DocumentCase(items=items),))
    text = answer(procedure, [Facet.documents], HERE)
    assert "Giấy số 12" in text
    assert "Giấy số 13" not in text
    assert "… và 18 mục nữa, xem đủ tại https://example.org/x" in text
    homeless = answer(procedure.model_copy(update={"source": Source(title="x")}), [Facet.documents], HERE)
    assert "… và 18 mục nữa, cán bộ tiếp nhận sẽ hướng dẫn" in homeless


@pytest.mark.parametrize(("field", "facet"), [("steps", Facet.how), ("results", Facet.result), ("legal", Facet.law)])
def test_no_list_is_cut_in_silence(field: str, facet: Facet) -> None:
    procedure = _with(**{field: tuple(f"Mục {n}" for n in range(1, 31))})
    text = answer(procedure, [facet], HERE)
    assert "Mục 30" not in text
    assert "… và " in text or " văn bản khác." in text


def test_papers_of_several_cases_stand_under_their_case() -> None:
    one = DocumentCase(case="Người lớn:", items=(DocumentItem(name="Tờ khai"),))
    other = DocumentCase(case="Trẻ em", items=(DocumentItem(name="Giấy khai sinh"),))
    text = answer(_with(documents=(one, other)), [Facet.documents], HERE)
    assert "Người lớn:\n• Tờ khai\nTrẻ em:\n• Giấy khai sinh" in text
    alone = answer(_with(documents=(one,)), [Facet.documents], HERE)
    assert "Người lớn" not in alone


def test_a_long_name_is_cut_and_keeps_its_variant() -> None:
    name = "Thủ tục " + "rất dài " * 40 + "(cấp xã)"
    short = answers.short_name(_with(name=name))
    assert len(short) <= answers.LONGEST_NAME + 2
    assert short.endswith("… (cấp xã)")
    assert answers.short_name(FULL) == "Thủ tục thử nghiệm"


@given(
    name=st.text(min_size=1, max_size=400).filter(lambda text: text.strip() != ""),
    line=st.text(min_size=1, max_size=600).filter(lambda text: text.strip() != ""),
    count=st.integers(1, 40),
    facets=st.lists(st.sampled_from(list(Facet)), unique=True),
    home=st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_any_record_gives_an_answer_that_a_channel_can_send(
    name: str, line: str, count: int, facets: list[Facet], home: bool
) -> None:
    procedure = Procedure(
        code="1.000001",
        name=name,
        receiving=(CENTRE,) if home else (),
        documents=(DocumentCase(items=tuple(DocumentItem(name=line) for _ in range(count))),),
        fees=tuple(Fee(text=line, note=line) for _ in range(count)),
        times=tuple(ProcessingTime(text=f"{n} {line}") for n in range(count)),
        steps=(line,) * count,
        results=(line,) * count,
        legal=(line,) * count,
        source=Source(title="x"),
    )
    text = answer(procedure, facets, HERE if home else NOWHERE)
    assert 0 < len(text) <= 4_096
    assert text.endswith("dữ liệu nạp ngày 01/08/2026.")


@pytest.mark.parametrize("source", ["starter", "province"])
def test_every_real_record_answers_two_questions_at_once_within_the_limit(source: str) -> None:
    path = STARTER if source == "starter" else SHARED / "catalogue" / "province_2754.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the shared catalogue is not here: {path}")
    pairs = [*combinations((Facet.documents, Facet.how, Facet.fee, Facet.law), 2), tuple(Facet), ()]
    for procedure in read_source(path).procedures:
        for facets in pairs:
            text = answer(procedure, facets, HERE)
            assert len(text) <= 3_600, (procedure.code, facets, len(text))
            assert procedure.code in text.rsplit("\n", 1)[1]
