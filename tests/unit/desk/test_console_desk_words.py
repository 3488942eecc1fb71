"""How the desk says when something is due, and how standard answers are filled."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from desk.canned import PLACEHOLDERS, fill
from desk.console._desk_words import KINDS, LOG, STATES, due
from desk.kinds import Kind, State
from desk.texts import VIET_NAM

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=VIET_NAM)


@pytest.mark.parametrize(
    ("at", "said", "tone"),
    [
        (NOW + timedelta(hours=2), "Hôm nay 11:00", "soon"),
        (NOW + timedelta(hours=20), "Ngày mai 05:00", "soon"),
        (NOW + timedelta(hours=32), "Ngày mai 17:00", "fine"),
        (NOW + timedelta(days=4), "Còn 4 ngày", "fine"),
        (NOW, "Vừa quá hạn", "late"),
        (NOW - timedelta(hours=3), "Quá 3 giờ", "late"),
        # Past by less than a day, but yesterday's work.
        (NOW - timedelta(hours=14), "Quá 1 ngày", "late"),
        (NOW - timedelta(minutes=20), "Vừa quá hạn", "late"),
        (NOW - timedelta(days=30), "Quá 30 ngày", "late"),
    ],
)
def test_a_deadline_is_told_as_a_colleague_would(at: datetime, said: str, tone: str) -> None:
    told = due(at, NOW)
    assert (told.said, told.tone) == (said, tone)
    assert f"{at:%H:%M}" in told.exact


def test_what_has_no_deadline_says_so() -> None:
    told = due(None, NOW, still="Tạm dừng")
    assert (told.said, told.exact, told.tone) == ("Tạm dừng", "", "still")


def test_the_day_is_that_of_viet_nam() -> None:
    # 23:30 UTC of the day before is 06:30 of today there.
    assert due(datetime.fromisoformat("2026-11-23T23:30:00+00:00"), NOW).said == "Ngày mai 06:30"


def test_placeholders_are_filled_and_what_is_not_known_is_a_gap() -> None:
    text = "Chào {ten}, phiếu {ma_phieu}: {thu_tuc} {la} {ten}"
    assert fill(text, {"ten": "chị Lan", "ma_phieu": "MC-ABC234", "thu_tuc": ""}) == (
        "Chào chị Lan, phiếu MC-ABC234: ____ ____ chị Lan"
    )
    # What a value says is not filled again.
    assert fill("{ten}", {"ten": "{ma_phieu}", "ma_phieu": "x"}) == "{ma_phieu}"


def test_every_kind_and_state_has_a_name_but_the_vaults() -> None:
    assert set(KINDS) == set(Kind) - {Kind.denunciation}
    assert set(STATES) == set(State)
    assert all(LOG.values())
    assert all(PLACEHOLDERS.values())
