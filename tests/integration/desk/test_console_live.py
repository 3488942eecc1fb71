"""The pages of conversations: the queue, and one conversation whose messages arrive as they are written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select, update

from bot.conversations import SessionRules, conversation_id
from bot.history import history
from bot.inbox import Inbox
from bot.replies import Reply
from desk import staff, units
from store.tables import outbox
from tests.support.console import PASSWORD, Console, Person, console
from tests.support.takeover import says

RULES = SessionRules(idle=timedelta(minutes=30), form_idle=timedelta(days=1), messages=60)
PEOPLE = (
    ("lan", "officer"),
    ("chi", "supervisor"),
    ("sua", "catalogue_editor"),
    ("quan", "administrator"),
    ("kin", "vault"),
)


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    """A console with people of every kind."""
    async with console(tmp_path_factory.mktemp("live") / "home", PEOPLE) as opened:
        yield opened


@pytest.fixture
def box(desk: Console) -> Inbox:
    """The front door's inbox."""
    return Inbox(desk.parts.db, RULES)


async def asks(desk: Console, box: Inbox, sender: str, *texts: str) -> int:
    """A citizen who wrote and waits for a person; gives the number of the take-over."""
    await says(box, *(texts or ("alo",)), sender=sender)
    for claim in await box.claim(100):
        await box.answer(claim, [Reply("Tôi là trợ lý.")], reply_to=claim.external_id, pushed=False)
    waiting = await desk.parts.takeovers.request(conversation_id("web", sender), reason="asked")
    return waiting.id


class Stream:
    """A page's stream of events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._content = response.content

    async def next(self, kind: str) -> dict[str, Any]:
        """The data of the next event of that kind."""
        name = ""
        async with asyncio.timeout(10):
            async for line in self._content:
                text = line.decode().strip()
                if text.startswith("event: "):
                    name = text.removeprefix("event: ")
                elif text.startswith("data: ") and name == kind:
                    found: dict[str, Any] = json.loads(text.removeprefix("data: "))
                    return found
        raise AssertionError("the stream has ended")


async def test_an_officer_takes_answers_and_hands_back_without_script(desk: Console, box: Inbox) -> None:
    number = await asks(desk, box, "tu", "Tôi nộp hồ sơ <b>đất</b> đã ba tháng")
    async with desk.person("lan") as lan:
        queue = await lan.get("/live")
        assert f'action="/live/{number}/take"' in queue.text
        assert "người dân đề nghị gặp cán bộ" in queue.text
        before = await lan.get(f"/live/{number}")
        assert "&lt;b&gt;đất&lt;/b&gt;" in before.text, "what citizens write is never HTML"
        assert 'id="write"' not in before.text
        taken = await lan.post(f"/live/{number}/take", page="/live")
        assert taken.path == f"/live/{number}"
        assert "tôi đang trả lời" in taken.text
        said = await say(lan, number, "Chào anh/chị, tôi xem hồ sơ ngay.")
        assert "tôi xem hồ sơ ngay." in said.text
        ended = await lan.post(f"/live/{number}/hand-back", {"note": "Hẹn gọi lại"}, page=f"/live/{number}")
        assert ended.path == "/live"
        assert "Hẹn gọi lại" in (await lan.get(f"/live/{number}")).text
    told, _ = await history(desk.parts.db, conversation_id("web", "tu"), after=0, limit=20)
    assert [entry["from"] for entry in told] == ["citizen", "bot", "notice", "staff", "notice"]
    assert [entry.get("notice") for entry in told if entry["from"] == "notice"] == ["person", "bot"]
    assert "Hẹn gọi lại" not in json.dumps(told, ensure_ascii=False)
    assert "lan" not in [word for entry in told for word in entry["text"].split()], "the citizen learns no name"


async def test_both_sides_and_what_became_of_them_stream_into_the_page(desk: Console, box: Inbox) -> None:
    number = await asks(desk, box, "ba", "xin chào")
    async with desk.person("lan") as lan, desk.person("chi") as chi:
        page = await lan.post(f"/live/{number}/take", page="/live")
        after = page.text.partition('data-after="')[2].partition('"')[0]
        standing = page.text.partition('data-standing="')[2].partition('"')[0]
        query = {"after": after, "standing": standing}
        async with lan.session.get(f"/live/{number}/stream", params=query) as response:
            assert response.content_type == "text/event-stream"
            stream = Stream(response)
            await says(box, "còn đó không?", sender="ba")
            turn = await stream.next("turn")
            assert (turn["author"], "còn đó không?" in turn["html"]) == ("citizen", True)
            await desk.parts.takeovers.say(await person(desk, "lan"), number, "Còn, chờ tôi chút", key="a")
            turn = await stream.next("turn")
            assert (turn["author"], "Còn, chờ tôi chút" in turn["html"]) == ("staff", True)
            row = int(turn["key"][1:])
            await _set_state(desk, row, "ready")
            async with lan.session.get(f"/live/{number}/stream", params={**query, "open": str(row)}) as second:
                other = Stream(second)
                await other.next("turn")
                await other.next("turn")
                await _set_state(desk, row, "dead")
                assert (await other.next("delivery"))["state"] == "dead"
            await chi.post(f"/live/{number}/take", page=f"/live/{number}")
            assert (await stream.next("state"))["standing"].startswith("active-")
        async with lan.session.get(f"/live/{number}/turns.json", params=query) as response:
            news = await response.json()
        assert [event.get("author") for event in news["events"] if event["kind"] == "turn"] == ["citizen", "staff"]
        refused = await say(lan, number, "tôi vẫn còn đây", page="/live")
        assert refused.status == 409
        assert "không còn giữ" in refused.text


async def test_the_same_form_twice_is_one_message(desk: Console, box: Inbox) -> None:
    number = await asks(desk, box, "nam")
    async with desk.person("lan") as lan:
        await lan.post(f"/live/{number}/take", page="/live")
        answers = await asyncio.gather(*(say_at_once(lan, number, "Một lần thôi", key="k1") for _ in range(5)))
        assert {status for status, _ in answers} == {200}
        assert len({body["said"] for _, body in answers}) == 1
    async with desk.parts.db.connect() as connection:
        rows = await connection.execute(
            select(outbox.c.id).where(
                outbox.c.conversation_id == conversation_id("web", "nam"), outbox.c.sender == "staff"
            )
        )
        assert len(rows.all()) == 1


@pytest.mark.parametrize(
    ("text", "key"), [("", "k"), ("   \n ", "k"), ("dài" * 3000, "k"), ("được", ""), ("được", "k" * 101)]
)
async def test_a_message_that_cannot_be_sent_says_why(desk: Console, box: Inbox, text: str, key: str) -> None:
    number = await asks(desk, box, "sau")
    async with desk.person("chi") as chi:
        await chi.post(f"/live/{number}/take", page="/live")
        status, body = await say_at_once(chi, number, text, key=key)
        assert status == 400
        assert body["error"].endswith(".")


async def test_a_conversation_is_the_business_of_its_unit_and_of_nobody_without_the_right(
    desk: Console, box: Inbox
) -> None:
    number = await asks(desk, box, "chin")
    await units.ensure(desk.parts.db)
    await staff.add(desk.parts.db, "xa", PASSWORD, ["officer"], actor="test", unit="cong-vu")
    async with desk.person("xa") as xa:
        assert f"/live/{number}" not in (await xa.get("/live")).text
        assert (await xa.get(f"/live/{number}")).status == 404
        for path in ("take", "hand-back", "say"):
            assert (await xa.post(f"/live/{number}/{path}", {"text": "a", "key": "b"}, page="/live")).status == 404
        assert (await xa.get(f"/live/{number}/turns.json")).status == 404
        assert (await xa.get(f"/live/{number}/stream")).status == 404
    for name in ("sua", "quan", "kin"):
        async with desk.person(name) as nobody:
            for path in ("/live", "/live.json", f"/live/{number}", f"/live/{number}/stream"):
                assert (await nobody.get(path)).status == 403, (name, path)


async def test_whose_words_need_approval_talks_with_nobody_live(desk: Console, box: Inbox) -> None:
    number = await asks(desk, box, "muoi")
    await staff.add(desk.parts.db, "moi", PASSWORD, ["officer"], actor="test", reviewed=True)
    async with desk.person("moi") as moi:
        assert f'action="/live/{number}/take"' not in (await moi.get(f"/live/{number}")).text
        refused = await moi.post(f"/live/{number}/take", page="/versions")
        assert refused.status == 400
        assert "có người duyệt" in refused.text


@pytest.mark.parametrize("number", ["0", "999999", "999999999999999999"])
async def test_a_number_that_no_conversation_has_is_not_found(desk: Console, number: str) -> None:
    async with desk.person("lan") as lan:
        assert (await lan.get(f"/live/{number}")).status == 404
        assert (await lan.post(f"/live/{number}/take", page="/live")).status == 404
        assert (await lan.get("/live/abc")).status == 404


async def test_what_the_bot_has_not_answered_yet_is_not_shown_before_somebody_takes_it(
    desk: Console, box: Inbox
) -> None:
    number = await asks(desk, box, "kin", "xin chào")
    await says(box, "tôi tố cáo ông X", sender="kin")
    async with desk.person("lan") as lan:
        assert "ông X" not in (await lan.get(f"/live/{number}")).text, "it may belong into the vault"
        [claim] = [claim for claim in await box.claim(50) if claim.body["text"].endswith("X")]
        await box.answer(claim, [Reply("Anh/chị gửi qua trang kín.")], reply_to="x", pushed=False, private=True)
        page = await lan.post(f"/live/{number}/take", page="/live")
        assert "ông X" not in page.text
        assert "giữ kín" in page.text


async def person(desk: Console, name: str) -> staff.Person:
    return next(found for found in await staff.list_(desk.parts.db) if found.name == name)


async def say(who: Person, number: int, text: str, *, page: str = "") -> Any:
    shown = await who.get(f"/live/{number}")
    key = shown.text.partition('name="key" value="')[2].partition('"')[0] or "none"
    return await who.post(f"/live/{number}/say", {"text": text, "key": key}, page=page or f"/live/{number}")


async def say_at_once(who: Person, number: int, text: str, *, key: str) -> tuple[int, dict[str, Any]]:
    data = {"csrf": await who.token("/live"), "text": text, "key": key}
    async with who.session.post(f"/live/{number}/say.json", data=data) as got:
        body: dict[str, Any] = await got.json()
        return got.status, body


async def _set_state(desk: Console, row: int, state: str) -> None:
    async with desk.parts.db.begin() as connection:
        await connection.execute(update(outbox).where(outbox.c.id == row).values(state=state))
