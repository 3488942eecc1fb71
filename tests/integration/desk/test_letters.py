"""Messages that did not arrive: who reads what of them, sending again, letting rest, and many who do both at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.conversations import SessionRules
from bot.departures import Departures
from bot.inbox import Inbox
from bot.outbox import Outbox
from desk import audit, letters
from desk._letter_rows import parsed
from desk.causes import Cause
from desk.letters import Count
from desk.privacy import erase
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.notices import Notices
from store.tables import audit as log
from store.tables import case_messages, conversations, now
from tests.support.desk_rows import add_case
from tests.support.letters import row_of, talk, unanswered, unsent

RULES = SessionRules(idle=timedelta(minutes=30), form_idle=timedelta(days=1), messages=60)
LONG = "Hồ sơ của anh/chị cần các giấy tờ sau, mỗi loại một bản, nộp tại bộ phận một cửa của xã, phường nơi mình ở"


@pytest.fixture(params=["database", "postgres"])
def either(request: pytest.FixtureRequest) -> Database:
    """Each of the two databases."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Database)
    return found


async def excerpt(db: Database, key: str) -> str | None:
    return (await letters.show(db, key)).excerpt


async def test_only_what_did_not_arrive_is_listed_newest_first_page_by_page(either: Database) -> None:
    chat, moment = await talk(either), now()
    keys = []
    for number in range(4):
        at = moment + timedelta(minutes=2 * number)
        keys.append(await unsent(either, chat, created_at=at, state="unknown" if number == 2 else "dead"))
        keys.append(await unanswered(either, chat, received_at=at + timedelta(minutes=1)))
    for state in ("ready", "leased", "sent", "withheld"):
        await unsent(either, chat, state=state)
    for state in ("ready", "leased", "done"):
        await unanswered(either, chat, state=state)
    await letters.drop(either, await unsent(either, chat), actor="lan")

    shown: list[str] = []
    before = None
    # The first page holds nothing of ours.
    for size in (1, 3, 3, 1):
        page = await letters.list_(either, before=before, limit=size)
        assert len(page.letters) == size
        shown, before = [*shown, *(one.key for one in page.letters)], page.more
    assert (shown, before) == (keys[::-1], None)
    assert [one.key for one in (await letters.list_(either, kind="unknown")).letters] == [keys[4]]
    assert {one.kind for one in (await letters.list_(either, kind="unanswered")).letters} == {"unanswered"}
    assert (await letters.list_(either, channel="zalo_oa")).letters == ()
    assert await letters.counts(either) == (
        Count("telegram", "dead", 3),
        Count("telegram", "unknown", 1),
        Count("telegram", "unanswered", 4),
    )


async def test_an_excerpt_is_short_and_names_nobody(either: Database) -> None:
    chat = await talk(either)
    receipt = await unsent(either, chat, "Mã MC-ABC234, PIN: **123456**, gọi 0987654321, căn cước 079123456789")
    told = await letters.show(either, receipt)
    assert told.excerpt == "Mã MC-ABC234, PIN: ••••••, gọi [phone], căn cước [id]"
    # A number that the cut would halve is masked first.
    cut = await excerpt(either, await unsent(either, chat, f"{'x ' * 35}0987654321 {LONG}"))
    assert cut is not None
    assert (len(cut), "0987" in cut, cut[-1]) == (80, False, "…")
    failed = await unsent(either, chat, error="refused: BadRequest: chat 84987654321 of an@example.org is gone")
    shown = await letters.show(either, failed)
    assert (shown.cause, shown.reason) == (Cause.refused, "BadRequest: chat [phone] of [email] is gone")


async def test_no_words_of_citizens_staff_cases_or_near_a_denunciation_are_shown(either: Database) -> None:
    chat = await talk(either)
    case = await add_case(either, conversation_id=chat)
    told = await unsent(either, chat, "Phiếu của anh/chị đã xong")
    async with either.begin() as connection:
        values = {"case_id": case, "author": "system", "visibility": "public", "text": "x"}
        await connection.execute(insert(case_messages).values(**values, outbox_id=int(told.partition(":")[2])))
    private = await unanswered(either, chat, state="done", body={"kind": "private"})
    asked = int(private.partition(":")[2])
    silent = [
        told,
        await unsent(either, chat, "Tôi là cán bộ Lan", sender="staff"),
        await unsent(either, chat, "Đơn tố cáo gửi ở trang riêng", inbox_id=asked),
        await unanswered(either, chat, "Tôi muốn tố cáo ông Zeta"),
    ]
    assert [await excerpt(either, key) for key in silent] == [None] * 4
    assert await excerpt(either, await unsent(either, chat, "Xin chào")) == "Xin chào"

    kept = [await unsent(either, await talk(either, chat="2")), await unsent(either, await talk(either, chat="3"))]
    await add_case(either, kind="denunciation", bucket="vault", conversation_id=await talk(either, chat="2"))
    async with either.connect() as connection:
        third = conversations.c.id == await talk(either, chat="3")
        citizen = (await connection.execute(conversations.select().where(third))).one().citizen_id
    assert await excerpt(either, kept[1]) is not None
    await add_case(either, kind="denunciation", bucket="vault", citizen_id=citizen)
    assert [await excerpt(either, key) for key in kept] == [None, None]


async def test_what_is_sent_again_is_due_at_once_before_what_came_after_it(either: Database, tmp_path: Any) -> None:
    chat = await talk(either)
    key = await unsent(either, chat, next_at=now() + timedelta(days=1), holder="gone")
    await unsent(either, chat, "mới hơn", state="ready")
    was = await letters.again(either, key, actor="lan")
    assert (was.kind, was.reason) == ("dead", "Forbidden: bot was kicked")
    row = await row_of(either, key)
    assert (row.state, row.attempts, row.error, row.holder, row.seen_at) == ("ready", 3, None, None, None)
    with_its_journal = Departures(tmp_path)
    due = await Outbox(either, "telegram", with_its_journal).due(5)
    assert [f"outbox:{one.id}" for one in due] == [key]
    entry = (await audit.of(either, key))[-1]
    assert (entry.actor, entry.action) == ("lan", "letter.again")
    assert entry.data == {"was": "dead", "attempts": 3, "cause": "blocked"}
    assert (await audit.verify(either)).broken is None


async def test_a_citizens_message_is_answered_again(either: Database) -> None:
    key = await unanswered(either, await talk(either), done_at=now())
    await letters.again(either, key, actor="lan")
    claims = await Inbox(either, RULES).claim(5)
    assert [(f"inbox:{one.id}", one.attempts) for one in claims] == [(key, 2)]


async def test_what_may_have_arrived_goes_again_only_when_somebody_is_sure(either: Database) -> None:
    key = await unsent(either, await talk(either), state="unknown", error="ended: during the send")
    with pytest.raises(Invalid, match="hai lần"):
        await letters.again(either, key, actor="lan")
    assert (await row_of(either, key)).state == "unknown"
    await letters.again(either, key, sure=True, actor="lan")
    assert (await row_of(either, key)).state == "ready"
    assert (await audit.of(either, key))[-1].data["was"] == "unknown"


async def test_what_cannot_be_sent_again_is_refused_and_can_be_let_rest(either: Database) -> None:
    blocked = await talk(either, chat="b", reachable=False)
    erased = await talk(either, chat="e", external_id="erased:e", reachable=False)
    chat = await talk(either)
    refused = {
        await unsent(either, blocked): "chặn",
        await unanswered(either, blocked): "chặn",
        await unsent(either, erased): "xóa",
        await unanswered(either, chat, body={"kind": "private"}): "giữ kín",
        await unanswered(either, None, body={"kind": "unreadable", "raw": {"a": 1}}): "cuộc trò chuyện nào",
    }
    for key, word in refused.items():
        shown = await letters.show(either, key)
        assert shown.refusal is not None
        with pytest.raises(Conflict, match=word):
            await letters.again(either, key, sure=True, actor="lan")
        await letters.drop(either, key, actor="lan")
        row = await row_of(either, key)
        assert (row.state, row.seen_by, row.seen_at is not None) == ("dead", "lan", True)
    assert (await letters.list_(either)).letters == ()


async def test_nothing_comes_back_after_somebody_was_erased(either: Database) -> None:
    chat = await talk(either)
    said, heard = await unsent(either, chat), await unanswered(either, chat)
    async with either.connect() as connection:
        citizen = (await connection.execute(conversations.select())).one().citizen_id
    await erase(either, citizen, actor="lan", because="x", remove_files=len, forget=len)
    for key in (said, heard):
        with pytest.raises(NotFound):
            await letters.again(either, key, actor="lan")


async def test_only_letters_are_changed_and_each_once(either: Database) -> None:
    chat = await talk(either)
    for state in ("ready", "leased", "sent", "withheld"):
        key = await unsent(either, chat, state=state)
        for work in (letters.again, letters.drop):
            with pytest.raises(Conflict):
                await work(either, key, actor="lan")
        with pytest.raises(Conflict):
            await letters.show(either, key)
        assert (await row_of(either, key)).state == state
    key = await unsent(either, chat)
    await letters.drop(either, key, actor="lan")
    with pytest.raises(Conflict, match="cho nghỉ"):
        await letters.drop(either, key, actor="hai")
    # Let rest by mistake: it can still be sent.
    await letters.again(either, key, actor="hai")
    assert ((await row_of(either, key)).state, (await row_of(either, key)).seen_by) == ("ready", None)


async def test_of_many_who_act_at_once_one_is_first_and_the_log_agrees(either: Database) -> None:
    chat = await talk(either)
    for number in range(6):
        key = await unsent(either, chat, state="unknown") if number % 2 else await unanswered(either, chat)
        doing = [letters.again(either, key, sure=True, actor=f"a{n}") for n in range(4)]
        doing += [letters.drop(either, key, actor=f"d{n}") for n in range(4)]
        ended = await asyncio.gather(*doing, return_exceptions=True)
        failed = [one for one in ended if isinstance(one, BaseException)]
        assert all(isinstance(one, Conflict) for one in failed), failed
        actions = [entry.action for entry in await audit.of(either, key)]
        # Let rest and then sent again may both have been; nothing twice, nothing after it was sent.
        assert actions in (["letter.again"], ["letter.drop", "letter.again"])
        assert (await row_of(either, key)).state == "ready"
        assert len(ended) - len(failed) == len(actions)
    assert (await audit.verify(either)).broken is None


async def test_all_of_a_channel_go_again_but_what_cannot_or_may_have_arrived(either: Database) -> None:
    chat, other = await talk(either), await talk(either, "zalo_oa", "z")
    keys = [await unsent(either, chat) for _ in range(3)]
    doubtful = await unsent(either, chat, state="unknown")
    left = await unsent(either, await talk(either, chat="b", reachable=False))
    elsewhere = await unsent(either, other, channel="zalo_oa")
    assert await letters.again_all(either, "telegram", actor="lan") == (3, 2)
    assert {(await row_of(either, key)).state for key in keys} == {"ready"}
    released = select(log.c.subject).where(log.c.action == "letter.again").order_by(log.c.id)
    async with either.connect() as connection:
        assert (await connection.scalars(released)).all() == sorted(keys, key=parsed), "the oldest goes first"
    assert await letters.again_all(either, "telegram", sure=True, actor="lan") == (1, 1)
    states = [(await row_of(either, key)).state for key in (doubtful, left, elsewhere)]
    assert states == ["ready", "dead", "dead"]
    with pytest.raises(Invalid):
        await letters.again_all(either, "sms", actor="lan")


async def test_senders_elsewhere_are_told(postgres: Database) -> None:
    chat, heard = await talk(postgres), asyncio.Queue[str]()
    elsewhere = Database(postgres.url)
    notices = Notices(elsewhere)
    up = asyncio.Event()
    notices.listen("outbox", heard.put_nowait, missed=up.set)
    notices.listen("inbox", heard.put_nowait, missed=up.set)
    async with notices, asyncio.timeout(20):
        await up.wait()
        await letters.again(postgres, await unsent(postgres, chat), actor="lan")
        assert await heard.get() == f"telegram {chat}"
        await letters.again(postgres, await unanswered(postgres, chat), actor="lan")
        assert await heard.get() == chat
    await elsewhere.close()


NO_KEYS = (
    "", "1", "outbox", "outbox:", "outbox:0", "outbox:-1", "outbox:1 ", "outbox:١", "outbox:1;--", "OUTBOX:1",
    "audit:1", f"outbox:{'9' * 19}", "inbox:1\n", "outbox:1\x00",
)  # fmt: skip


@pytest.mark.parametrize("key", NO_KEYS)
async def test_what_is_no_key_is_refused(either: Database, key: str) -> None:
    for work in (letters.again(either, key, actor="lan"), letters.drop(either, key, actor="lan")):
        with pytest.raises(Invalid):
            await work
    with pytest.raises(Invalid):
        await letters.show(either, key)


async def test_hostile_wishes_end_in_a_sentence(either: Database) -> None:
    for key in ("outbox:1", "inbox:" + "9" * 18):
        with pytest.raises(NotFound):
            await letters.again(either, key, actor="lan")
    hostile: list[dict[str, Any]] = [
        {"before": before} for before in ("", "1", "1.", ".1", "-1.1", "1.1.1", "9" * 19 + ".1", "٣.1", "1.1\n")
    ]
    hostile += [{"kind": "sent"}, {"kind": ""}, {"channel": "all"}, {"channel": "x' or 1=1"}]
    for wish in hostile:
        with pytest.raises(Invalid):
            await letters.list_(either, **wish)
    assert (await letters.list_(either, before="0.0", limit=-5)).letters == ()
    chat = await talk(either)
    for body in ({}, {"text": None}, {"text": "\u202e<script>" * 400}, {"text": "\ud83d"[:0]}):
        key = await unsent(either, chat, body=body, error="x" * 5000)
        shown = await letters.show(either, key)
        assert len(shown.excerpt or "") <= 80
        assert len(shown.reason) <= 200
        await letters.again(either, key, actor="lan")
    assert {entry.data["cause"] for entry in await audit.of(either, key)} == {None}
