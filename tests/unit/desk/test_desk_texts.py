"""What citizens are told about their cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from desk import texts
from desk.cases import CODE, PIN, Case, Kind, State

CASE = Case(
    id=1,
    code="MC-7K3Q9D",
    kind=Kind.feedback,
    state=State.received,
    subject="Rác trước chợ",
    text="Rác chất đống ba ngày nay",
    place_text="chợ Mỹ Bình",
    place_code=None,
    contact="0912345678",
    citizen_id=None,
    created_at=datetime(2026, 11, 22, 20, 15, tzinfo=UTC),
    changed_at=datetime(2026, 11, 22, 20, 15, tzinfo=UTC),
)


def test_a_receipt_gives_code_and_pin_and_how_to_follow() -> None:
    receipt = texts.receipt(CASE, "042917")
    assert "**MC-7K3Q9D**" in receipt
    assert "**042917**" in receipt
    assert "tra cứu MC-7K3Q9D" in receipt
    assert "trong cuộc trò chuyện này" not in receipt
    told = texts.receipt(replace(CASE, conversation_id="c"), "042917", "https://x.example/t/MC-7K3Q9D")
    assert "https://x.example/t/MC-7K3Q9D" in told
    assert "trong cuộc trò chuyện này" in told


def test_a_complaint_is_told_that_no_legal_clock_runs() -> None:
    assert texts.NO_LEGAL_CLOCK in texts.receipt(replace(CASE, kind=Kind.complaint), "042917")
    assert texts.NO_LEGAL_DENUNCIATION in texts.receipt(replace(CASE, kind=Kind.denunciation), "042917")
    for kind in (Kind.feedback, Kind.question):
        assert texts.NO_LEGAL_CLOCK not in texts.receipt(replace(CASE, kind=kind), "042917")


def test_the_state_is_told_in_local_time_without_the_contact() -> None:
    status = texts.status(CASE)
    assert "03:15 ngày 23/11/2026" in status
    assert "MC-7K3Q9D" in status
    assert "Rác trước chợ" in status
    assert "0912345678" not in status


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_and_state_has_its_words(kind: Kind) -> None:
    for state in State:
        told = texts.status(replace(CASE, kind=kind, state=state))
        assert texts.KIND[kind] in told
        assert texts.STATE[state] in told


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MC-7K3Q9D", "7K3Q9D"),
        ("tra cứu mc-7k3q9d giùm", "7k3q9d"),
        ("MC 7K3Q9D", "7K3Q9D"),
        ("MC7K3Q9D", "7K3Q9D"),
        ("(MC-7K3Q9D)", "7K3Q9D"),
        ("MC-7K3Q9DX", None),
        ("AMC-7K3Q9D", None),
        ("MC-7K3Q90", None),
        ("7K3Q9D", None),
    ],
)
def test_codes_in_a_sentence(text: str, code: str | None) -> None:
    found = CODE.search(text)
    assert (found.group(1) if found else None) == code


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("042917", "042917"),
        ("pin 042917.", "042917"),
        ("0429171", None),
        ("04291", None),
        ("١٢٣٤٥٦", None),
        ("x042917y", "042917"),
    ],
)
def test_pins_in_a_sentence(text: str, pin: str | None) -> None:
    found = PIN.search(text)
    assert (found.group(1) if found else None) == pin


LINK = "https://mot-cua.example/t/MC-7K3Q9D"
OPEN = replace(
    CASE, due_at=datetime(2026, 11, 27, 10, 0, tzinfo=UTC), legal_from=datetime(2026, 11, 19, 17, tzinfo=UTC)
)
NOTICES = [
    texts.accepted(OPEN, "Tổ trưởng sẽ gọi anh/chị.", LINK),
    texts.begun(OPEN, LINK),
    texts.asked(OPEN, "Việc xảy ra ở ấp nào?", LINK),
    texts.refused(OPEN, "Nội dung không rõ", LINK),
    texts.transferred(OPEN, "Sở Xây dựng", "Thuộc thẩm quyền của Sở", LINK),
    texts.paused(OPEN, "Chờ giám định", "Luật Khiếu nại, Điều 11a", LINK),
    texts.resumed(OPEN, LINK),
    texts.replied(OPEN, "Chúng tôi đã đến xem.", LINK),
    texts.answered(OPEN, "Đã dọn rác.", LINK),
    texts.closed(OPEN, LINK),
    texts.reopened(OPEN, LINK),
    texts.merged(OPEN, LINK),
    texts.legal(OPEN, LINK),
]


@pytest.mark.parametrize("notice", NOTICES)
def test_every_notice_names_the_case_and_its_page_and_nothing_private(notice: str) -> None:
    assert "**MC-7K3Q9D**" in notice
    assert LINK in notice
    assert "0912345678" not in notice
    assert "None" not in notice
    assert all(line.strip() for line in notice.split("\n"))


def test_notices_tell_the_date_that_holds_and_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "now", lambda: datetime(2026, 11, 25, tzinfo=UTC))
    assert "17:00 ngày 27/11/2026" in texts.accepted(OPEN, "", LINK)
    assert "Dự kiến" not in texts.accepted(CASE, "", LINK)
    assert "bổ sung MC-7K3Q9D" in texts.asked(OPEN, "Ở đâu?", LINK)
    assert "mở lại MC-7K3Q9D" in texts.refused(OPEN, "Không rõ", LINK)
    assert "chưa giải quyết MC-7K3Q9D" in texts.rate_please(OPEN)
    assert "ngày 20/11/2026" in texts.legal(OPEN, LINK)


def test_a_pause_says_whether_the_time_stands_still() -> None:
    assert "dừng tính" in texts.paused(CASE, "Chờ", "", LINK)
    assert "vẫn tính" in texts.paused(OPEN, "Chờ", "", LINK)
