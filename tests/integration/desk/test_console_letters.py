"""The page of messages that did not arrive."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from desk import audit
from desk.causes import Cause
from desk.console.letters import CAUSES
from store.engine import Database
from store.tables import now
from tests.support.console import Person
from tests.support.letters import row_of, talk, unanswered, unsent


async def test_a_message_is_looked_at_sent_again_or_let_rest(db: Database, ha: Person) -> None:
    assert "Không có tin nào" in (await ha.get("/letters")).text
    chat = await talk(db)
    first = await unsent(db, chat, "<i>Chào</i> 0987654321", error="<b>gone</b>")
    second = await unanswered(db, chat, "lời của dân")
    page = (await ha.get("/letters")).text
    assert "&lt;i&gt;Chào&lt;/i&gt; [phone]" in page
    assert "&lt;b&gt;gone&lt;/b&gt;" in page
    assert ("<i>Chào" in page, "lời của dân" in page) == (False, False)
    told = await ha.post(f"/letters/{first}/again", {"kind": "dead", "channel": "telegram"}, page="/letters")
    assert (told.status, "Sẽ gửi lại" in told.text, first in told.text) == (200, True, False)
    assert (await row_of(db, first)).state == "ready"
    told = await ha.post(f"/letters/{second}/drop", page="/letters")
    assert ("Đã cho tin này nghỉ" in told.text, second in told.text) == (True, False)
    assert (await row_of(db, second)).seen_by == "ha"
    assert [(one.actor, one.action) for one in await audit.of(db, first)] == [("ha", "letter.again")]
    assert [(one.actor, one.action) for one in await audit.of(db, second)] == [("ha", "letter.drop")]


async def test_every_cause_is_told_in_plain_words_with_the_details_behind(db: Database, ha: Person) -> None:
    chat = await talk(db)
    for cause in Cause:
        await unsent(db, chat, error=f"{cause}: detail of {cause}")
    await unsent(db, chat, error="noted before causes were")
    page = (await ha.get("/letters")).text
    for cause in Cause:
        assert re.search(rf"<dd>{CAUSES[cause]} <span[^>]*>\(chi tiết kỹ thuật: <span[^>]*>detail of {cause}<", page)
    assert re.search(r"<dd>Không rõ <span[^>]*>\(chi tiết kỹ thuật: <span[^>]*>noted before causes were<", page)


async def test_what_may_have_arrived_needs_the_tick(db: Database, ha: Person) -> None:
    key = await unsent(db, await talk(db), state="unknown")
    refused = await ha.post(f"/letters/{key}/again", page="/letters")
    assert (refused.status, "hai lần" in refused.text, key in refused.text) == (400, True, True)
    assert (await row_of(db, key)).state == "unknown"
    assert (await ha.post(f"/letters/{key}/again", {"sure": "1"}, page="/letters")).status == 200
    assert (await row_of(db, key)).state == "ready"
    late = await ha.post(f"/letters/{key}/again", {"sure": "1"}, page="/letters")
    assert (late.status, "tải lại trang" in late.text) == (409, True)


async def test_nothing_offers_to_reach_whom_nobody_can_reach(db: Database, ha: Person) -> None:
    key = await unsent(db, await talk(db, reachable=False))
    page = (await ha.get("/letters")).text
    assert ("chặn" in page, f"/letters/{key}/again" in page, f"/letters/{key}/drop" in page) == (True, False, True)
    assert (await ha.post(f"/letters/{key}/again", page="/letters")).status == 409


async def test_a_long_list_is_read_page_by_page_and_filtered(db: Database, ha: Person) -> None:
    chat = await talk(db)
    for number in range(35):
        await unsent(db, chat, created_at=now() - timedelta(minutes=number))
    await unsent(db, await talk(db, "zalo_oa", "z"), channel="zalo_oa", state="unknown")
    page = (await ha.get("/letters?channel=telegram")).text
    assert (page.count("<article"), "Cũ hơn" in page, "before=" in page) == (30, True, True)
    more = page.partition("before=")[2].partition('"')[0]
    rest = (await ha.get(f"/letters?channel=telegram&before={more}")).text
    assert (rest.count("<article"), "Cũ hơn" in rest, "Mới nhất" in rest) == (5, False, True)
    assert (await ha.get("/letters?kind=unknown")).text.count("<article") == 1
    # What is no filter does not filter.
    assert (await ha.get("/letters?kind=sent&channel=%00")).text.count("<article") == 30


@pytest.mark.parametrize("key", ["1", "outbox:0", "audit:1", "outbox:1%00", "outbox:%D9%A1", "x" * 500, "outbox:%27--"])
async def test_a_hostile_key_ends_in_a_sentence(db: Database, ha: Person, key: str) -> None:
    for step in ("again", "drop"):
        got = await ha.post(f"/letters/{key}/{step}", page="/units")
        assert (got.status, "Mã tin phải có dạng" in got.text) == (400, True)


@pytest.mark.parametrize("before", ["x", "1", "-1.0", "9" * 30 + ".1", "%00", "1.1%0A"])
async def test_a_page_that_is_none_ends_in_a_sentence(ha: Person, before: str) -> None:
    got = await ha.get(f"/letters?before={before}")
    assert (got.status, "Không có trang này" in got.text) == (400, True)


async def test_a_form_without_its_token_changes_nothing(db: Database, ha: Person) -> None:
    key = await unsent(db, await talk(db))
    async with ha.session.post(f"/letters/{key}/drop", data={"csrf": "0" * 64}) as got:
        assert got.status == 403
    assert (await row_of(db, key)).seen_at is None
