"""The channel of a Zalo Official Account against a strict fake of its API."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import select, update

from bot import conversations, outbox
from bot.app import Running
from bot.conversations import conversation_id
from bot.replies import Reply
from desk.attachments import Upload
from store.engine import Database
from store.tables import conversations as talks
from store.tables import inbox, now
from tests.fakes._platform import Fault
from tests.fakes.rasa import FakeRasa
from tests.fakes.zalo_oa import FakeZaloOA, signature
from tests.fakes.zalo_oa.citizens import AN
from tests.support.pages import desk
from tests.support.zalo import connect, ended, sent, settings

Open = Callable[..., AbstractAsyncContextManager[Running]]
SEND = "message/cs"


@pytest.fixture
async def front(oa_door: Open) -> AsyncIterator[Running]:
    async with oa_door() as running:
        yield running


async def count(front: Running, name: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{front.private_url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


async def health(front: Running) -> str:
    """How the account is; whatever it is, the front door has to be ready for the other channels."""
    async with aiohttp.ClientSession() as session, session.get(f"{front.private_url}/health/ready") as answer:
        said = await answer.json()
    assert answer.status == 200
    assert said["ready"] is True
    assert "zalo_oa" not in said["checks"]
    return str(said["channels"]["zalo_oa"])


@pytest.mark.parametrize("stamp", ["body", "header"])
async def test_messages_are_answered_in_order_whichever_timestamp_is_signed(
    rasa: FakeRasa, zalo: FakeZaloOA, front: Running, stamp: Any
) -> None:
    zalo.stamp = stamp
    for number in range(10):
        await zalo.write(f"câu {number}")
    assert await sent(zalo, 10) == [f"đã nhận: câu {number}" for number in range(10)]
    assert rasa.calls[0]["metadata"]["channel"] == "zalo_oa"
    assert await count(front, f'motcua_zalo_signatures_total{{variant="{stamp}"}}') == 10
    assert await count(front, 'motcua_zalo_sends_total{window="free"}') == 10
    assert zalo.hook.slow == 0


async def test_buttons_are_pressed_and_what_they_carry_is_short(
    rasa: FakeRasa, zalo: FakeZaloOA, front: Running
) -> None:
    payload = '/choose_option{"option":"' + "rất dài " * 150 + '"}'
    rasa.answer = lambda question: (
        [{"text": "**Chọn**:", "buttons": [{"title": "Mỹ Hòa Hưng", "payload": payload}]}]
        if question.get("message") == "chào"
        else [{"text": "Dạ."}]
    )
    await zalo.write("chào")
    assert await sent(zalo, 1) == ["Chọn:"]
    await zalo.press("Mỹ Hòa Hưng")
    assert (await sent(zalo, 2))[-1] == "Dạ."
    assert rasa.calls[1]["payload"] == payload


async def test_more_than_five_buttons_are_numbered_and_the_first_five_can_be_pressed(
    rasa: FakeRasa, zalo: FakeZaloOA, front: Running
) -> None:
    many = [{"title": f"Xã số {number}", "payload": f'/pick{{"n": {number}}}'} for number in range(1, 8)]
    rasa.answer = lambda question: (
        [{"text": "Chọn:", "buttons": many}] if question.get("message") == "chào" else [{"text": "Dạ."}]
    )
    await zalo.write("chào")
    assert "7. Xã số 7" in (await sent(zalo, 1))[0]
    await zalo.write("7")
    await sent(zalo, 2)
    await zalo.press("Xã số 5")
    await sent(zalo, 3)
    assert [call.get("payload") for call in rasa.calls] == [None, '/pick{"n": 7}', '/pick{"n": 5}']


@pytest.mark.parametrize("flat", [False, True])
async def test_a_shared_place_is_understood_in_both_shapes(
    rasa: FakeRasa, zalo: FakeZaloOA, front: Running, flat: bool
) -> None:
    await zalo.share(10.3864, 105.4351, flat=flat)
    await sent(zalo, 1)
    assert rasa.calls[0]["payload"] == '/give_place{"lat": 10.3864, "lon": 105.4351}'


@pytest.mark.parametrize("older", [False, True])
async def test_a_telephone_number_given_in_the_form_is_the_answer(
    rasa: FakeRasa, zalo: FakeZaloOA, front: Running, older: bool
) -> None:
    await zalo.submit_info("An", "84912345678", older=older)
    await sent(zalo, 1)
    assert rasa.calls[0]["message"] == "84912345678"


async def test_a_follower_is_greeted_and_who_leaves_is_out_of_reach(
    database: Database, rasa: FakeRasa, zalo: FakeZaloOA, front: Running
) -> None:
    await zalo.follow()
    await sent(zalo, 1)
    assert rasa.calls[0]["payload"] == "/greet"
    await zalo.unfollow()
    async with asyncio.timeout(10):
        while await _reachable(database):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await zalo.write("tôi quay lại")
    await sent(zalo, 2)
    assert await _reachable(database)


async def _reachable(database: Database) -> bool:
    async with database.connect() as connection:
        return bool(await connection.scalar(select(talks.c.reachable).where(talks.c.external_id == AN)))


async def test_a_picture_with_words_is_kept_and_the_words_are_answered(
    database: Database, zalo: FakeZaloOA, front: Running
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(picture, "JPEG")
    await zalo.send_image(content=picture.getvalue(), text="ổ gà trước nhà")
    taken, answered = await sent(zalo, 2)
    assert taken.startswith("Đã nhận tệp.")
    assert answered == "đã nhận: ổ gà trước nhà"
    await zalo.send_file("độc.exe", b"MZ" + b"0" * 100)
    assert "Đã nhận" not in (await sent(zalo, 3))[-1]
    async with database.connect() as connection:
        bodies = (await connection.execute(select(inbox.c.body).order_by(inbox.c.id))).scalars().all()
    assert [body["kind"] for body in bodies] == ["file", "text", "unsupported"]


@pytest.mark.parametrize(
    ("call", "fault", "uploads"),
    [
        (SEND, Fault(-100, "Attachment is not existed or expired"), 2),
        ("upload/image", Fault(-216, "Access token has expired"), 2),
        ("upload/image", Fault(cut="after"), 2),
        ("upload/image", Fault(http=502), 2),
    ],
)
async def test_a_picture_arrives_once_whatever_goes_wrong_before_it_is_said(
    database: Database, zalo: FakeZaloOA, front: Running, tmp_path: Path, call: str, fault: Fault, uploads: int
) -> None:
    await zalo.write("chào")
    await sent(zalo, 1)
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "green").save(picture, "JPEG")
    office = desk(database, tmp_path)
    checked = await office.files.check(Upload("anh.jpg", picture.getvalue()))
    kept, _ = await office.files.keep(conversation_id("zalo_oa", AN), checked)
    zalo.faults[call] = [fault]
    async with database.begin() as connection:
        conversation = await conversations.ensure(connection, "zalo_oa", AN)
        for file in (kept.id, kept.id + 1):
            reply = [Reply("", file=file)]
            await outbox.append(connection, reply, channel="zalo_oa", conversation=conversation, pushed=True)
    assert (await sent(zalo, 2))[-1] == "[image]"
    assert [name for name, _ in zalo.calls].count("upload/image") == uploads
    assert await ended(database) == ("dead", "file: not_found"), "a file that is gone holds up nothing"
    assert len(zalo.texts(AN)) == 2


async def test_a_forged_webhook_is_refused_and_a_repeated_one_is_answered_once(
    rasa: FakeRasa, zalo: FakeZaloOA, front: Running
) -> None:
    zalo.webhook = ""
    event = await zalo.write("một lần thôi")
    body = json.dumps(event).encode()
    good = signature(zalo.app_id, body, event["timestamp"], zalo.oa_secret)
    url = f"{front.public_url}/hooks/zalo-oa"
    async with aiohttp.ClientSession() as session:
        for headers, status in (
            ({}, 401),
            ({"X-ZEvent-Signature": "mac="}, 401),
            ({"X-ZEvent-Signature": "mac=" + "0" * 64}, 401),
            ({"X-ZEvent-Signature": good.removeprefix("mac=")}, 401),
            ({"X-ZEvent-Signature": signature(zalo.app_id, body + b" ", event["timestamp"], zalo.oa_secret)}, 401),
            ({"X-ZEvent-Signature": good}, 200),
            ({"X-ZEvent-Signature": good}, 200),
            ({"X-ZEvent-Signature": good.upper().replace("MAC", "mac")}, 200),
        ):
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == status, headers
    await sent(zalo, 1)
    assert len(rasa.calls) == 1


@pytest.mark.parametrize("body", [rb'{"timestamp": "\ud800"}', b"\xff", b"{}", b"[" * 50_000])
async def test_what_strangers_make_up_is_refused_and_breaks_nothing(front: Running, body: bytes) -> None:
    headers = {"X-ZEvent-Signature": "mac=" + "0" * 64, "X-ZEvent-Timestamp": "\udcff"}
    url = f"{front.public_url}/hooks/zalo-oa"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert answer.status == 401


async def test_events_come_twice_and_are_answered_once(rasa: FakeRasa, zalo: FakeZaloOA, front: Running) -> None:
    zalo.hook.duplicate = 1.0
    for number in range(5):
        await zalo.write(f"câu {number}")
    await sent(zalo, 5)
    await asyncio.sleep(0.3)
    assert len(zalo.texts(AN)) == 5
    assert len(rasa.calls) == 5


async def test_an_access_token_that_has_run_out_is_renewed_once(zalo: FakeZaloOA, front: Running) -> None:
    await zalo.write("một")
    await sent(zalo, 1)
    zalo.tokens.expire()
    for number in range(5):
        await zalo.write(f"câu {number}", user=f"u{number}")
    for number in range(5):
        await sent(zalo, 1, user=f"u{number}")
    assert zalo.tokens.refreshed == 1
    assert len(zalo.tokens.used) == 1


async def test_without_tokens_messages_wait_and_go_out_when_the_account_is_connected(
    database: Database, front_door: Open, zalo: FakeZaloOA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_oa.calls._NOT_CONNECTED_S", 0.2)
    async with front_door(zalo_oa=settings(zalo), desk=desk(database, tmp_path)) as front:
        zalo.webhook = f"{front.public_url}/hooks/zalo-oa"
        await zalo.write("chào")
        async with asyncio.timeout(10):
            while await count(front, "motcua_messages_out_total") == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert zalo.texts(AN) == []
        assert await health(front) == "failed"
        await connect(database, zalo)
        assert await sent(zalo, 1) == ["đã nhận: chào"]


@pytest.mark.parametrize(
    ("fault", "state", "texts", "reason"),
    [
        (Fault(-32, "rate limit"), "sent", 1, None),
        (Fault(-200, "send failed"), "sent", 1, None),
        (Fault(-224, "package"), "sent", 1, None),
        (Fault(http=502), "sent", 1, None),
        (Fault(http=429), "sent", 1, None),
        (Fault(cut="before"), "sent", 1, None),
        (Fault(cut="after"), "sent", 1, None),
        (Fault(hang_s=3.0), "sent", 1, None),
        (Fault(-201, "wrong"), "dead", 0, "refused: -201 wrong parameters"),
        (Fault(-213, "not following"), "dead", 0, "blocked: -213 the citizen does not follow the account"),
        (Fault(-230, "window"), "dead", 0, "window: -230 outside Zalo's window of 7 days"),
        (Fault(-99999, "new"), "dead", 0, "refused: -99999"),
    ],
)
async def test_how_a_send_ends_decides_what_becomes_of_it(
    database: Database,
    oa_door: Open,
    zalo: FakeZaloOA,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    state: str,
    texts: int,
    reason: str | None,
) -> None:
    monkeypatch.setattr("bot.channels.zalo_oa.errors._LATER_S", 0.2)
    monkeypatch.setattr("bot.channels.zalo_oa.errors._PERSON_S", 0.2)
    zalo.faults[SEND] = [fault]
    async with oa_door():
        await zalo.write("x")
        assert await ended(database) == (state, reason) if reason else (await ended(database))[0] == state
    assert len(zalo.texts(AN)) == texts
    assert await _reachable(database) == (fault.code != -213)


async def test_what_a_person_has_to_put_right_is_said_by_the_health_check_until_it_is(
    database: Database, oa_door: Open, zalo: FakeZaloOA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_oa.errors._PERSON_S", 0.5)
    async with oa_door() as front:
        assert await health(front) == "ok"
        zalo.faults[SEND] = [Fault(-321, "no money")] * 2
        await zalo.write("chào")
        await zalo.until(lambda: len(zalo.faults[SEND]) < 2)
        await asyncio.sleep(0.1)
        assert await health(front) == "failed"
        assert await sent(zalo, 1) == ["đã nhận: chào"]
        await ended(database)
        assert await health(front) == "ok"
        assert await count(front, 'motcua_failures_total{kind="zalo_oa_person"}') == 2


async def test_what_zalo_limits_as_a_whole_pauses_everybody_and_nothing_is_lost(
    oa_door: Open, zalo: FakeZaloOA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.zalo_oa.errors._LATER_S", 0.5)
    zalo.faults[SEND] = [Fault(-32, "rate limit")]
    async with oa_door():
        await zalo.write("một", user="u1")
        await zalo.until(lambda: not zalo.faults[SEND])
        before = len(zalo.calls)
        await zalo.write("hai", user="u2")
        await asyncio.sleep(0.2)
        assert len(zalo.calls) == before, "nothing is sent while Zalo wants us to wait"
        assert await sent(zalo, 1, user="u1") == ["đã nhận: một"]
        assert await sent(zalo, 1, user="u2") == ["đã nhận: hai"]


@pytest.mark.parametrize(
    ("hours", "pay", "end"),
    [
        (1, False, ("sent", None)),
        (50, False, ("dead", "unpaid: outside Zalo's free window, and settings do not pay")),
        (50, True, ("sent", None)),
        (24 * 8, True, ("dead", "window: outside Zalo's window, or the citizen has left the account")),
    ],
)
async def test_the_window_decides_whether_a_late_answer_leaves(
    database: Database, oa_door: Open, zalo: FakeZaloOA, hours: float, pay: bool, end: tuple[str, str | None]
) -> None:
    async with oa_door(pay=pay) as front:
        await zalo.write("chào")
        await sent(zalo, 1)
        clock = zalo.now
        zalo.now = lambda: clock() + hours * 3600
        async with database.begin() as connection:
            await connection.execute(update(talks).values(last_inbound_at=now() - timedelta(hours=hours)))
            conversation = await conversations.ensure(connection, "zalo_oa", AN)
            reply = [Reply("trả lời muộn")]
            await outbox.append(connection, reply, channel="zalo_oa", conversation=conversation, pushed=True)
        assert await ended(database) == end
        window = "free" if hours < 48 else "paid" if hours < 24 * 7 else "closed"
        assert await count(front, f'motcua_zalo_sends_total{{window="{window}"}}') == (2 if window == "free" else 1)
    assert (zalo.billed, len(zalo.texts(AN))) == (int(hours == 50 and pay), 2 if end[0] == "sent" else 1)
    asked = [name for name, _ in zalo.calls].count(SEND)
    assert end[0] == "sent" or asked == 1, "Zalo is not asked for what it cannot carry"
