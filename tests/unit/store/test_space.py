"""Room on the disk: looked at once a second, and its lack said once a minute."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from store.space import Space


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_disk_with_room_is_not_low(tmp_path: Path) -> None:
    space = Space([tmp_path, tmp_path / "not" / "there" / "yet"], 1)
    assert space.free() > 1024 * 1024
    assert not space.low()


def test_a_disk_below_the_least_is_low_and_it_is_said_once_a_minute(tmp_path: Path) -> None:
    clock = Clock()
    space = Space([tmp_path], 1 << 40, clock=clock)
    with capture_logs() as said:
        for second in range(119):
            clock.now = float(second)
            assert space.low()
    assert [entry["log_level"] for entry in said] == ["critical", "critical"]


def test_the_disk_is_looked_at_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []

    def look(folder: Path) -> int:
        looks.append(folder)
        return 5

    monkeypatch.setattr("store.space._free", look)
    clock = Clock()
    space = Space([tmp_path], 0, clock=clock)
    for moment in (0.0, 0.5, 0.99, 1.0, 1.5):
        clock.now = moment
        assert space.free() == 5
    assert len(looks) == 2


def test_without_folders_nobody_looks() -> None:
    assert not Space((), 200).low()
