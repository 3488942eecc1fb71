"""Switches of the channels: who is told what, what is logged, and what stays when the database is away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from desk import audit
from desk.switchboard import DEFAULT_BANNER, Mode, Switchboard, flip, states
from store.engine import Database
from store.errors import Invalid, NotFound


@pytest.fixture(params=["database", "postgres"])
def either(request: pytest.FixtureRequest) -> Database:
    """Each of the two databases."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Database)
    return found


async def board(db: Database) -> Switchboard:
    made = Switchboard(db)
    await made.refresh()
    return made


async def test_everything_is_open_until_somebody_switches(either: Database) -> None:
    assert {(each.channel, each.mode) for each in await states(either)} == {
        (name, "open") for name in ("all", "web", "telegram", "zalo_oa", "zalo_bot")
    }
    assert (await board(either)).mode("telegram") == "open"


@pytest.mark.parametrize(
    ("own", "whole", "mode", "banner"),
    [
        (None, None, "open", DEFAULT_BANNER),
        (("banner", "Kênh nghỉ"), None, "banner", "Kênh nghỉ"),
        (("banner", None), None, "banner", DEFAULT_BANNER),
        (None, ("banner", "Cả nhà nghỉ"), "banner", "Cả nhà nghỉ"),
        (("banner", "Kênh nghỉ"), ("banner", "Cả nhà nghỉ"), "banner", "Kênh nghỉ"),
        (("banner", "Kênh nghỉ"), ("closed", "Đóng"), "closed", "Kênh nghỉ"),
        (("closed", None), ("banner", "Cả nhà nghỉ"), "closed", "Cả nhà nghỉ"),
        (("open", "quên đi"), ("banner", None), "banner", DEFAULT_BANNER),
    ],
)
async def test_the_stricter_switch_wins_and_the_nearer_words(
    database: Database, own: Any, whole: Any, mode: Mode, banner: str
) -> None:
    for channel, switch in (("zalo_oa", own), ("all", whole)):
        if switch is not None:
            await flip(database, channel, switch[0], banner=switch[1], actor="lan")
    made = await board(database)
    assert (made.mode("zalo_oa"), made.banner("zalo_oa")) == (mode, banner)
    assert made.mode("web") == (whole[0] if whole else "open")


async def test_each_change_is_logged_and_gives_what_was_before(either: Database) -> None:
    first = await flip(either, "web", "banner", banner="  Bảo trì\n đến 9 giờ ", actor="lan")
    assert (first.mode, first.changed_by) == ("open", "")
    second = await flip(either, "web", "closed", actor="hai")
    assert (second.mode, second.banner, second.changed_by) == ("banner", "Bảo trì đến 9 giờ", "lan")
    await flip(either, "web", second.mode, banner=second.banner, actor="hai")
    assert [(e.actor, e.action, e.data["mode"], e.data["before"]) for e in await audit.of(either, "channel:web")] == [
        ("lan", "channel.switch", "banner", "open"),
        ("hai", "channel.switch", "closed", "banner"),
        ("hai", "channel.switch", "banner", "closed"),
    ]
    assert (await audit.verify(either)).broken is None


async def test_two_who_switch_at_once_both_leave_their_entry(either: Database) -> None:
    await asyncio.gather(*(flip(either, "all", "banner", banner=f"{n}", actor=f"a{n}") for n in range(8)))
    entries = await audit.of(either, "channel:all")
    assert len(entries) == 8
    assert [each.data["before"] for each in entries] == ["open"] + ["banner"] * 7
    last = next(each for each in await states(either) if each.channel == "all")
    assert last.banner == entries[-1].data["banner"]
    assert (await audit.verify(either)).broken is None


@pytest.mark.parametrize(
    ("channel", "mode", "banner", "error"),
    [
        ("sms", "banner", None, NotFound),
        ("", "banner", None, NotFound),
        ("web", "aus", None, Invalid),
        ("web", "", None, Invalid),
        ("web", "banner", "x" * 301, Invalid),
        ("web", "banner", "a\x00b", Invalid),
        ("web", "banner", "a\u202eb", Invalid),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    database: Database, channel: str, mode: str, banner: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await flip(database, channel, mode, banner=banner, actor="lan")
    assert all(each.mode == "open" for each in await states(database))
    assert (await audit.verify(database)).entries == 0


async def test_the_last_state_holds_while_the_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.switchboard._LOOK_S", 0.02)
    await flip(database, "web", "banner", actor="lan")
    made = await board(database)
    looking = asyncio.create_task(made.run())

    def broken() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(database, "connect", broken)
    await asyncio.sleep(0.1)
    assert made.mode("web") == "banner"
    monkeypatch.undo()
    await flip(database, "web", "open", actor="lan")
    async with asyncio.timeout(10):
        while made.mode("web") != "open":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
