"""The sentences that explain a deadline, and the data they come from."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from desk.calendar import VIET_NAM, Calendar, Day
from desk.clocks import Extension, Pause, due, on_time
from desk.deadlines import in_force, rules
from desk.kinds import State
from desk.settings import Figure
from store.errors import Invalid

JULY = datetime(2026, 7, 6, 9, 0, tzinfo=VIET_NAM)


def told(name: str, started: datetime, *args: object, calendar: Calendar | None = None, **more: object) -> str:
    rule = in_force(name, started.date())
    deadline = due(rule, started, calendar or Calendar(), *args, **more)  # type: ignore[arg-type]
    return "\n".join(step.text for step in deadline.steps)


def test_an_explanation_reads_from_the_start_to_the_date() -> None:
    started = datetime(2026, 6, 24, 9, 0, tzinfo=VIET_NAM)
    assert told("complaint_acceptance", started).splitlines() == [
        "Thụ lý đơn khiếu nại: tính từ ngày nhận đơn khiếu nại, là 09:00 thứ Tư 24/06/2026.",
        "Căn cứ: Luật Khiếu nại 2011, Điều 27 và Điều 36, áp dụng từ 01/07/2012 đến hết 30/06/2026. Quy định có hiệu "
        "lực vào ngày bắt đầu tính được dùng đến hết thời hạn.",
        "Thời hạn: 10 ngày, tính cả ngày nghỉ.",
        "Ngày đầu (thứ Tư 24/06/2026) không tính (Bộ luật Dân sự 2015, Điều 147); ngày được tính đầu tiên là thứ Năm "
        "25/06/2026.",
        "Ngày cuối tính ra là thứ Bảy 04/07/2026, không phải ngày làm việc, nên thời hạn kết thúc vào ngày làm việc "
        "tiếp theo, thứ Hai 06/07/2026 (Bộ luật Dân sự 2015, Điều 148).",
        "Hạn: thứ Hai 06/07/2026. Ngày cuối của thời hạn tính đến 24 giờ (Bộ luật Dân sự 2015, Điều 148); cán bộ phải "
        "xong trước 17:00, khi hết giờ làm việc.",
    ]


def test_days_off_and_worked_saturdays_are_named() -> None:
    text = told("feedback_forward", datetime(2026, 8, 20, 9, 0, tzinfo=VIET_NAM))
    assert "Có tính ngày làm bù: thứ Bảy 22/08/2026." in text
    text = told("feedback_forward", datetime(2026, 2, 13, 9, 0, tzinfo=VIET_NAM))
    assert "Không tính: 4 ngày cuối tuần; thứ Hai 16/02/2026 (Giao thừa Tết Nguyên Đán)" in text


def test_a_remote_area_and_complexity_are_given_as_reasons() -> None:
    text = told("complaint_resolution", JULY, remote=True, complexity=1)
    assert "45 ngày vì thuộc vùng sâu, vùng xa, đi lại khó khăn (nơi khác là 30 ngày)" in text
    assert "Vụ việc được ghi nhận là phức tạp." in text
    assert "Vì vậy thời hạn là 60 ngày, thay cho 45 ngày." in text
    assert "đặc biệt phức tạp" in told("denunciation_resolution", JULY, complexity=2)


def test_extensions_are_given_with_their_reasons() -> None:
    granted = [Extension("phải giám định.", "chi", JULY), Extension("thêm nhân chứng", "chi", JULY)]
    text = told("denunciation_resolution", JULY, (), granted)
    assert "Gia hạn lần 1 ngày 06/07/2026: phải giám định.\n" in text
    assert "Gia hạn lần 2 ngày 06/07/2026: thêm nhân chứng.\n" in text
    assert "Vì vậy thời hạn là 90 ngày, thay cho 30 ngày." in text


@pytest.mark.parametrize(
    ("name", "pause", "said"),
    [
        ("feedback_answer", (2, 5), "3 ngày làm việc ở giữa không tính"),
        ("complaint_resolution", (2, 9), "7 ngày ở giữa không tính"),
        ("feedback_answer", (2, 2.1), "không trọn ngày làm việc nào nên hạn không đổi"),
        ("question_answer", (1, 2), "giờ ở giữa không tính"),
        ("question_answer", (40, 42), "bắt đầu sau khi đã hết hạn nên không làm đổi hạn"),
        ("complaint_resolution", (40, 42), "bắt đầu sau khi đã hết hạn nên không làm đổi hạn"),
        ("question_answer", (1, None), "Thời hạn đang dừng nên chưa có ngày hết hạn"),
        ("complaint_resolution", (1, None), "Thời hạn đang dừng nên chưa có ngày hết hạn"),
        ("feedback_answer", (0, None), "Thời hạn đang dừng nên chưa có ngày hết hạn"),
    ],
)
def test_each_stop_says_what_it_did(name: str, pause: tuple[float, float | None], said: str) -> None:
    since, until = pause
    stop = Pause(JULY + timedelta(days=since), None if until is None else JULY + timedelta(days=until), "chờ giám định")
    text = told(name, JULY, [stop])
    assert said in text
    assert "chờ giám định" in text


def test_what_is_not_verified_is_said_beside_its_source() -> None:
    text = told("data_erasure", JULY)
    assert "Con số này chưa kiểm chứng. Nguồn: Chưa thấy văn bản; con số ghi theo trí nhớ." in text
    text = told("feedback_forward", datetime(2026, 11, 20, 9, 0, tzinfo=VIET_NAM))
    assert "Lịch ngày 24/11/2026 chưa kiểm chứng" in text
    # It decides nothing about a period in calendar days that goes over it.
    assert "24/11" not in told("complaint_resolution", datetime(2026, 11, 9, 9, 0, tzinfo=VIET_NAM))
    text = told("feedback_forward", datetime(2027, 2, 2, 9, 0, tzinfo=VIET_NAM))
    assert "Lịch nghỉ năm 2027 là lịch tính trước, chưa kiểm chứng" in text


def test_many_days_off_are_not_all_named() -> None:
    off = {date(2026, 7, 7) + timedelta(days=number): Day(False, "Bão", "x", True, "province") for number in range(20)}
    text = told("feedback_forward", JULY, calendar=Calendar(off))
    assert text.count("(Bão)") == 12
    assert "và 8 ngày nghỉ khác" in text


def test_a_deadline_that_would_never_come_ends_in_a_sentence() -> None:
    pauses = [Pause(JULY, JULY + timedelta(days=366 * 13), "quên")]
    for name in ("feedback_answer", "complaint_resolution", "question_answer"):
        with pytest.raises(Invalid, match="mười hai năm"):
            told(name, JULY, pauses)


def test_a_day_runs_to_midnight_and_hours_to_the_minute() -> None:
    forward, question = in_force("feedback_forward", JULY.date()), in_force("question_answer", JULY.date())
    at = datetime(2026, 7, 13, 17, 0, tzinfo=VIET_NAM)
    evening, next_day = at.replace(hour=23, minute=59), at + timedelta(hours=7)
    assert on_time(forward, at, evening)
    assert not on_time(forward, at, next_day)
    assert not on_time(question, at, evening)
    assert not on_time(None, at, evening)
    assert on_time(forward, None, next_day)


def test_every_rule_has_its_law_its_source_and_no_gap_in_time() -> None:
    for name, versions in rules().items():
        for rule in versions:
            assert rule.law, name
            assert rule.source, name
            assert rule.amounts == tuple(sorted(rule.amounts)), name
            assert len(rule.remote) in {0, len(rule.amounts)}, name
            assert State.answered in rule.met_by, name
        for earlier, later in pairwise(versions):
            assert earlier.until is not None
            assert later.since == earlier.until + timedelta(days=1), name
        assert versions[-1].until is None, name


def test_the_version_of_the_day_on_which_the_clock_starts_is_taken() -> None:
    assert in_force("complaint_acceptance", date(2026, 6, 30)).unit == "days"
    assert in_force("complaint_acceptance", date(2026, 7, 1)).unit == "working_days"
    assert not in_force("complaint_resolution", date(2026, 6, 30)).stops
    assert in_force("complaint_resolution", date(2026, 7, 1)).stops == {"paused"}
    with pytest.raises(Invalid, match="Chưa có quy định"):
        in_force("complaint_acceptance", date(2000, 1, 1))


def test_a_figure_of_the_settings_is_named_as_such() -> None:
    own = {"feedback_answer": Figure(amounts=[7], source="Quyết định 1")}
    rule = in_force("feedback_answer", JULY.date(), own)
    assert rule.amounts == (7,)
    assert not rule.verified
    assert "MOTCUA_DESK__CLOCKS__FIGURES: Quyết định 1" in rule.source
