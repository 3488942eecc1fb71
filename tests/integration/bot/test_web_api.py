"""The web chat's interface: sessions, messages, the stream and the history."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot import sentences
from bot.app import Running
from bot.settings import WebSettings, WorkerSettings
from store.engine import Database
from store.tables import conversations, inbox, outbox
from tests.fakes.rasa import FakeRasa
from tests.support.browser import browser
from tests.support.waiting import eventually
from tests.support.webclient import Refusal, WebClient

Open = Callable[..., AbstractAsyncContextManager[Running]]
WEB = WebSettings(port=0, private_port=0)


@pytest.fixture
async def front(front_door: Open) -> AsyncIterator[Running]:
    async with front_door() as opened:
        yield opened


@pytest.fixture
async def chat(front: Running) -> AsyncIterator[WebClient]:
    async with WebClient(front.public_url, timeout_s=20) as client:
        yield client


async def count(database: Database, table: Any) -> int:
    async with database.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def test_a_question_is_answered_on_the_stream(chat: WebClient) -> None:
    answer = await chat.ask("xin chào")
    [message] = answer.messages
    assert answer.text == "đã nhận: xin chào"
    assert set(message) == {"id", "reply_to", "from", "text", "buttons", "final", "at"}
    assert (message["from"], message["final"]) == ("bot", True)


async def test_buttons_are_pressed_by_short_ids_and_kept_in_the_history(rasa: FakeRasa, chat: WebClient) -> None:
    rasa.answer = lambda question: (
        [{"text": "Ở xã nào?", "buttons": [{"title": "Mỹ Hòa Hưng", "payload": '/give_place{"place":"1"}'}]}]
        if "message" in question
        else [{"text": "Nộp ở xã."}, {"text": "Nguồn: 1.001193"}]
    )
    first = await chat.ask("khai sinh")
    assert first.buttons == ["Mỹ Hòa Hưng"]
    second = await chat.press("Mỹ Hòa Hưng")
    assert [message["final"] for message in second.messages] == [False, True]
    assert rasa.calls[1]["payload"] == '/give_place{"place":"1"}'
    assert [(m["from"], m["text"]) for m in await chat.history()] == [
        ("citizen", "khai sinh"),
        ("bot", "Ở xã nào?"),
        ("citizen", "Mỹ Hòa Hưng"),
        ("bot", "Nộp ở xã."),
        ("bot", "Nguồn: 1.001193"),
    ]
    assert "give_place" not in json.dumps(chat.received)


async def test_a_button_of_somebody_else_does_nothing(rasa: FakeRasa, front: Running, chat: WebClient) -> None:
    rasa.answer = lambda question: [{"text": "?", "buttons": [{"title": "Có", "payload": "/affirm"}]}]
    short = (await chat.ask("x")).messages[0]["buttons"][0]["id"]
    async with WebClient(front.public_url) as stranger:
        answer = await stranger.answer_to(await stranger.send(button=short))
    assert answer.text == sentences.BUTTON_GONE
    assert len(rasa.calls) == 1


async def test_a_shared_place_reaches_the_dialogue(rasa: FakeRasa, chat: WebClient) -> None:
    await chat.share(10.3864, 105.4351)
    assert rasa.calls[0]["payload"] == '/give_place{"lat": 10.3864, "lon": 105.4351}'


async def test_the_same_message_again_is_accepted_and_answered_once(rasa: FakeRasa, chat: WebClient) -> None:
    await asyncio.gather(*(chat.send(id="cùng-mã".encode().hex(), text="một") for _ in range(10)))
    await chat.ask("hai")
    assert [m["text"] for m in chat.received] == ["đã nhận: một", "đã nhận: hai"]
    assert len(rasa.calls) == 2


async def test_a_hundred_messages_at_once_are_all_answered_in_order(chat: WebClient) -> None:
    ids = await asyncio.gather(*(chat.send(text=f"tin {n}") for n in range(100)))
    for identity in ids:
        await chat.answer_to(identity)
    asked = [m["text"] for m in await chat.history() if m["from"] == "citizen"]
    assert [m["text"] for m in chat.received] == [f"đã nhận: {text}" for text in asked]
    assert sorted(asked) == sorted(f"tin {n}" for n in range(100))


async def test_a_broken_stream_goes_on_where_it_stopped(front: Running, chat: WebClient) -> None:
    await chat.ask("một")
    async with browser() as session:
        session.cookie_jar.update_cookies({c.key: c.value for c in chat._client.cookie_jar})
        await chat.ask("hai")
        await chat.ask("ba")
        seen = chat.received[0]["id"]
        for query, header, expected in [
            ({"after": "0"}, {}, 3),
            ({"after": str(seen)}, {}, 2),
            ({"after": "0"}, {"Last-Event-ID": str(seen)}, 2),
            ({"after": str(seen)}, {"Last-Event-ID": "rác"}, 2),
        ]:
            async with session.get(f"{front.public_url}/api/stream", params=query, headers=header) as response:
                assert response.status == 200
                assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
                assert response.headers["X-Accel-Buffering"] == "no"
                lines: list[str] = []
                while sum(line.startswith("data:") for line in lines) < expected:
                    lines.append((await response.content.readline()).decode().rstrip())
                assert lines[0] == "retry: 2000"
                numbers = [int(line[4:]) for line in lines if line.startswith("id: ")]
                assert numbers == [m["id"] for m in chat.received][-expected:]


async def test_a_stream_gives_signs_of_life_and_sees_what_other_processes_wrote(
    database: Database, front_door: Open
) -> None:
    async with (
        front_door(web=WEB.model_copy(update={"heartbeat_s": 0.05})) as front,
        WebClient(front.public_url, timeout_s=10) as chat,
    ):
        await chat.ask("một")
        async with database.begin() as connection:
            await connection.execute(
                outbox.insert().values(
                    channel="web",
                    conversation_id=select(conversations.c.id).scalar_subquery(),
                    sender="staff",
                    body={"text": "Chào anh, tôi là cán bộ."},
                    final=True,
                    state="sent",
                )
            )
        async with asyncio.timeout(5):
            while len(chat.received) < 2:
                chat._news.clear()
                await chat._news.wait()
        assert (chat.received[1]["from"], chat.received[1]["reply_to"]) == ("staff", None)


async def test_nothing_said_is_lost_or_doubled_while_streams_come_and_go(
    rasa: FakeRasa, front: Running, chat: WebClient
) -> None:
    rasa.answer = lambda question: [{"text": f"{question['message']}.{n}"} for n in range(3)]

    async def cut() -> None:
        for _ in range(15):
            await asyncio.sleep(0.02)
            assert chat._reader is not None
            chat._reader.cancel()
            await asyncio.gather(chat._reader, return_exceptions=True)
            chat._reader = asyncio.create_task(chat._read())

    cutting = asyncio.create_task(cut())
    for n in range(20):
        await chat.ask(f"{n}")
    await cutting
    assert [m["text"] for m in chat.received] == [f"{n}.{part}" for n in range(20) for part in range(3)]


async def test_a_conversation_survives_a_restart_of_the_front_door(front_door: Open, rasa: FakeRasa) -> None:
    async with front_door() as front, WebClient(front.public_url) as chat:
        await chat.ask("trước")
        cookies = {c.key: c.value for c in chat._client.cookie_jar}
    async with (
        front_door() as front,
        browser() as session,
        session.post(f"{front.public_url}/api/session", cookies=cookies) as response,
    ):
        body = await response.json()
    assert [m["text"] for m in body["history"]] == ["trước", "đã nhận: trước"]
    assert body["last"] == body["history"][-1]["id"]


async def test_a_session_is_a_signed_cookie_that_scripts_cannot_read(database: Database, front: Running) -> None:
    async with browser() as session, session.post(f"{front.public_url}/api/session") as response:
        body = await response.json()
        assert len(body.pop("session")) == 12
        assert body == {"history": [], "last": 0, "person": False, "banner": None}
        cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("motcua_session=")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"):
        assert part in cookie
    assert "Secure" not in cookie
    assert await count(database, conversations) == 0, "a visit alone writes nothing"


async def test_behind_https_the_cookie_is_secure_and_the_browser_is_told_to_stay(front_door: Open) -> None:
    async with (
        front_door(web=WEB.model_copy(update={"https": True})) as front,
        browser() as session,
        session.post(f"{front.public_url}/api/session") as response,
    ):
        assert "Secure" in response.headers["Set-Cookie"]
        assert "max-age=" in response.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("cookie", [None, "x", "a" * 5000, f"{'0' * 32}.1700000000.{'A' * 43}"])
async def test_without_a_session_nothing_is_given_or_taken(front: Running, cookie: str | None) -> None:
    cookies = {"motcua_session": cookie} if cookie else {}
    async with browser() as session:
        for method, path in [("POST", "/api/messages"), ("GET", "/api/stream"), ("GET", "/api/history")]:
            async with session.request(
                method, front.public_url + path, json={"id": "1", "text": "x"}, cookies=cookies
            ) as response:
                assert response.status == 401
                assert (await response.json())["error"] == {
                    "code": "no_session",
                    "message": sentences.NO_SESSION,
                }
        async with session.post(f"{front.public_url}/api/session", cookies=cookies) as response:
            assert response.status == 200
            assert "motcua_session" in response.cookies


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[bad"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://portal.angiang.example"}, 200),
        ({}, 200),
    ],
)
async def test_posts_from_foreign_pages_are_refused(front_door: Open, headers: dict[str, str], status: int) -> None:
    web = WebSettings(port=0, private_port=0, allowed_origins=["https://portal.angiang.example/"])
    async with (
        front_door(web=web) as front,
        browser(**headers) as session,
        session.post(f"{front.public_url}/api/session", json={}) as response,
    ):
        assert response.status == status
        if status == 403:
            assert (await response.json())["error"]["code"] == "foreign_origin"


async def test_our_own_page_may_post(front: Running) -> None:
    async with (
        browser(Origin=front.public_url) as session,
        session.post(f"{front.public_url}/api/session", json={}) as response,
    ):
        assert response.status == 200


async def test_a_session_that_sends_too_fast_is_told_when_to_go_on(front_door: Open) -> None:
    web = WEB.model_copy(update={"session_burst": 3, "session_rate": 0.5})
    async with front_door(web=web) as front, WebClient(front.public_url) as chat:
        for n in range(3):
            await chat.send(text=f"{n}")
        with pytest.raises(Refusal) as refused:
            await chat.send(text="4")
        assert (refused.value.status, refused.value.code) == (429, "too_fast")
        assert 1 <= refused.value.retry_after_s <= 3
        async with WebClient(front.public_url) as other:
            await other.ask("người khác vẫn được")


async def test_an_address_that_asks_too_fast_is_stopped_whatever_its_sessions(front_door: Open) -> None:
    web = WEB.model_copy(update={"address_burst": 5, "address_rate": 0.1})
    async with front_door(web=web) as front, browser() as session:
        statuses = []
        for _ in range(8):
            async with session.post(f"{front.public_url}/api/session") as response:
                statuses.append(response.status)
        assert statuses == [200] * 5 + [429] * 3


async def test_behind_a_proxy_people_are_told_apart_by_the_address_it_saw(front_door: Open) -> None:
    web = WEB.model_copy(update={"address_burst": 1, "address_rate": 0.01, "trust_forwarded": True})
    async with front_door(web=web) as front, browser() as session:
        for address, status in [
            ("1.1.1.1", 200),
            ("2.2.2.2", 200),
            ("9.9.9.9, 1.1.1.1", 429),
            ("2001:db8::1", 200),
            ("2001:db8::2", 429),
            ("2001:db8:0:1::2", 200),
        ]:
            headers = {"X-Forwarded-For": address}
            async with session.post(f"{front.public_url}/api/session", headers=headers) as response:
                assert response.status == status, address


async def test_over_its_backlog_the_front_door_refuses_and_says_when(front_door: Open, rasa: FakeRasa) -> None:
    rasa.hold()
    worker = WorkerSettings(backlog=2, shutdown_s=0.1)
    async with front_door(worker=worker) as front, WebClient(front.public_url) as chat:
        for n in range(2):
            await chat.send(text=f"{n}")
        front.inbox._count_until = 0.0
        with pytest.raises(Refusal) as refused:
            await chat.send(text="3")
        assert (refused.value.status, refused.value.code) == (503, "busy")
        assert refused.value.retry_after_s > 0
        rasa.release()


async def test_a_session_holds_a_bounded_number_of_streams(front_door: Open) -> None:
    web = WEB.model_copy(update={"streams_per_session": 2})
    async with front_door(web=web) as front, WebClient(front.public_url) as chat:
        url = f"{front.public_url}/api/stream"
        second = await chat._client.get(url)
        third = await chat._client.get(url)
        assert (second.status, third.status) == (200, 429)
        third.close()
        second.close()
        async with asyncio.timeout(5):
            while True:
                # The server hears of a closed connection a moment later.
                async with chat._client.get(url) as again:
                    if again.status == 200:
                        break


async def test_a_stop_ends_open_streams_at_once(front_door: Open) -> None:
    async with front_door() as front, WebClient(front.public_url) as chat:
        await chat.ask("một")
        reader = chat._reader
        chat._reader = None
        stopping = asyncio.timeout(30)
        # The heartbeat of a stream would keep it open for ever.
        await stopping.__aenter__()
    await stopping.__aexit__(None, None, None)
    assert reader is not None
    reader.cancel()


# ---- people ----


async def test_what_is_written_to_a_person_is_kept_and_not_answered(
    database: Database, rasa: FakeRasa, chat: WebClient
) -> None:
    await chat.ask("một")
    async with database.begin() as connection:
        await connection.execute(update(conversations).values(owner="human"))
    await chat.send(text="gửi cán bộ")

    async def closed() -> bool:
        return await _open(database) == 0

    await eventually(closed)
    assert [m["text"] for m in await chat.history()] == ["một", "đã nhận: một", "gửi cán bộ"]
    assert len(rasa.calls) == 1


async def _open(database: Database) -> int:
    async with database.connect() as connection:
        return len((await connection.execute(select(inbox.c.id).where(inbox.c.state != "done"))).all())
