"""The page of the switches of channels."""

from __future__ import annotations

import re

import pytest

from desk import audit
from desk.switchboard import flip, states
from store.engine import Database
from tests.support.console import Person


async def mode(db: Database, channel: str) -> tuple[str, str | None]:
    found = next(each for each in await states(db) if each.channel == channel)
    return found.mode, found.banner


def undo(page: str, channel: str) -> dict[str, str] | None:
    """The fields of the form that puts a switch back."""
    form = re.search(rf'<form method="post" action="/channels/{channel}" class="row">(.*?)</form>', page, re.DOTALL)
    if form is None:
        return None
    hidden = r'name="(mode|banner)" value="([^"]*)"'
    return {name: value for name, value in re.findall(hidden, form.group(1)) if value}


async def test_a_channel_is_switched_off_and_put_back(db: Database, ha: Person) -> None:
    page = (await ha.get("/channels")).text
    assert page.count("Đang mở</span>") == 5
    assert [undo(page, name) for name in ("all", "web")] == [None, None]
    fields = {"mode": "banner", "banner": "Bảo trì <b>đến</b> 9 giờ"}
    told = (await ha.post("/channels/telegram", fields, page="/channels")).text
    assert "Telegram: chỉ đọc lời nhắn." in told
    assert "Bảo trì &lt;b&gt;đến&lt;/b&gt; 9 giờ" in told
    assert "ha đổi lúc" in told
    assert await mode(db, "telegram") == ("banner", "Bảo trì <b>đến</b> 9 giờ")
    back = undo(told, "telegram")
    assert back == {"mode": "open"}
    told = (await ha.post("/channels/telegram", back, page="/channels")).text
    assert await mode(db, "telegram") == ("open", None)
    # And back again, with the words.
    assert undo(told, "telegram") == {"mode": "banner", "banner": "Bảo trì &lt;b&gt;đến&lt;/b&gt; 9 giờ"}
    assert [(one.actor, one.data["mode"]) for one in await audit.of(db, "channel:telegram")] == [
        ("ha", "banner"),
        ("ha", "open"),
    ]


async def test_closing_needs_the_tick_and_what_was_written_comes_back(db: Database, ha: Person) -> None:
    fields = {"mode": "closed", "banner": "Nghỉ bão"}
    refused = await ha.post("/channels/all", fields, page="/channels")
    assert (refused.status, "đánh dấu xác nhận" in refused.text, "Nghỉ bão</textarea>" in refused.text) == (
        400,
        True,
        True,
    )
    assert await mode(db, "all") == ("open", None)
    closed = await ha.post("/channels/all", {**fields, "sure": "1"}, page="/channels")
    assert await mode(db, "all") == ("closed", "Nghỉ bão")
    assert closed.text.count("Công tắc chung đang là “đóng”") == 4
    await flip(db, "all", "open", actor="lan")
    # To close it again by putting it back needs the tick as well.
    assert undo((await ha.get("/channels")).text, "all") == fields
    assert (await ha.post("/channels/all", fields, page="/channels")).status == 400


@pytest.mark.parametrize(
    ("channel", "fields", "status"),
    [
        ("sms", {"mode": "open"}, 404),
        ("%00", {"mode": "open"}, 404),
        ("x" * 300, {"mode": "open"}, 404),
        ("web", {}, 400),
        ("web", {"mode": "off"}, 400),
        ("web", {"mode": "x" * 5000}, 400),
        ("web", {"mode": "banner", "banner": "x" * 301}, 400),
        ("web", {"mode": "banner", "banner": "x" * 20_000}, 400),
        ("web", {"mode": "banner", "banner": "a\u202eb"}, 400),
    ],
)
async def test_what_makes_no_sense_is_refused(
    db: Database, ha: Person, channel: str, fields: dict[str, str], status: int
) -> None:
    got = await ha.post(f"/channels/{channel}", fields, page="/channels")
    assert got.status == status
    assert {each.mode for each in await states(db)} == {"open"}


async def test_a_form_without_its_token_changes_nothing(db: Database, ha: Person) -> None:
    async with ha.session.post("/channels/web", data={"csrf": "0" * 64, "mode": "banner"}) as got:
        assert got.status == 403
    assert await mode(db, "web") == ("open", None)
