"""When a source is due, and which sources the settings allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from knowledge.settings import SyncSettings, SyncSource
from knowledge.sync.schedule import due

# A Sunday, 08:00 in Viet Nam.
SUNDAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def source(**more: object) -> SyncSource:
    return SyncSource.model_validate({"name": "portal", "url": "https://portal.example/api", **more})


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("daily 08:30", datetime(2026, 11, 22, 1, 30, tzinfo=UTC)),
        ("daily 08:00", datetime(2026, 11, 23, 1, 0, tzinfo=UTC)),
        ("daily 02:30", datetime(2026, 11, 22, 19, 30, tzinfo=UTC)),
        ("sun 09:00", datetime(2026, 11, 22, 2, 0, tzinfo=UTC)),
        ("sun 07:00", datetime(2026, 11, 29, 0, 0, tzinfo=UTC)),
        ("mon 00:05", datetime(2026, 11, 22, 17, 5, tzinfo=UTC)),
        ("every 12 h", SUNDAY + timedelta(hours=12)),
        ("every 30 min", SUNDAY + timedelta(minutes=30)),
    ],
)
def test_a_schedule_is_due_at_its_next_moment_in_viet_nam(schedule: str, expected: datetime) -> None:
    assert source(schedule=schedule).schedule == schedule
    assert due(schedule, SUNDAY) == expected


@pytest.mark.parametrize(
    "schedule", ["daily", "daily 24:00", "sunday 08:00", "every 0 h", "every day", "02:30", "* * *"]
)
def test_a_schedule_that_cannot_be_read_stops_the_start(schedule: str) -> None:
    with pytest.raises(ValidationError, match="daily 02:30"):
        source(schedule=schedule)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "Two Words"},
        {"url": "ftp://portal.example"},
        {"url": "https://portal.example/api?x=1"},
        {"url": "portal.example"},
        {"rate": 0},
        {"threshold": 2},
        {"paging": "scroll"},
        {"method": "PUT"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_source_that_cannot_be_asked_stops_the_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        source(**wrong)


def test_two_sources_have_two_names() -> None:
    with pytest.raises(ValidationError, match="the same name"):
        SyncSettings(sources=(source(), source()))
