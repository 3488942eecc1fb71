"""Whatever is thrown at the public side gets a clear refusal, and the next citizen is served."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot import sentences
from bot.app import Running
from bot.settings import WebSettings
from store.engine import Database
from store.tables import inbox
from tests.fakes.rasa import FakeRasa
from tests.support.webclient import Refusal, WebClient

Open = Callable[..., AbstractAsyncContextManager[Running]]
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def front(front_door: Open) -> AsyncIterator[Running]:
    web = WebSettings(port=0, private_port=0, session_burst=10_000, address_burst=10_000)
    async with front_door(web=web) as opened:
        yield opened


@pytest.fixture
async def chat(front: Running) -> AsyncIterator[WebClient]:
    async with WebClient(front.public_url, timeout_s=20) as client:
        yield client


def long_text(length: int) -> str:
    return json.dumps({"id": "1", "text": "ế" * length}, ensure_ascii=False)


BAD: list[tuple[str | bytes, int, str]] = [
    (b"", 400, "not_json"),
    (b"{", 400, "not_json"),
    (b"\xff\xfe\x00", 400, "not_json"),
    (b'{"id":"1","text":"\xc3"}', 400, "not_json"),
    (b"[" * 16_000, 400, "not_json"),
    (b'{"id":"1","text":' + b'{"a":' * 400 + b"1" + b"}" * 401, 400, "bad_text"),
    ("[]", 400, "not_an_object"),
    ("null", 400, "not_an_object"),
    ('"text"', 400, "not_an_object"),
    ("1" * 5000, 400, "not_json"),
    ("{}", 400, "bad_id"),
    ('{"text":"x"}', 400, "bad_id"),
    ('{"id":5,"text":"x"}', 400, "bad_id"),
    ('{"id":"","text":"x"}', 400, "bad_id"),
    ('{"id":"a b","text":"x"}', 400, "bad_id"),
    ('{"id":"' + "a" * 65 + '","text":"x"}', 400, "bad_id"),
    ('{"id":"1\\u0000","text":"x"}', 400, "bad_id"),
    ('{"id":"1"}', 400, "bad_message"),
    ('{"id":"1","text":"x","button":"abcdefgh"}', 400, "bad_message"),
    ('{"id":"1","text":5}', 400, "bad_text"),
    ('{"id":"1","text":["x"]}', 400, "bad_text"),
    ('{"id":"1","text":""}', 400, "empty"),
    ('{"id":"1","text":"  \\n\\u0000\\u200e"}', 202, ""),
    ('{"id":"2","text":"  \\n\\u0000"}', 400, "empty"),
    ('{"id":"3","text":"\\ud800"}', 400, "empty"),
    ('{"id":"4","text":"x\\ud83d"}', 202, ""),
    (b'{"id":"5","text":"\xed\xa0\xbd"}', 400, "empty"),
    ('{"id":"1","button":7}', 400, "bad_button"),
    ('{"id":"1","button":"/affirm"}', 400, "bad_button"),
    ('{"id":"1","button":""}', 400, "bad_button"),
    ('{"id":"1","location":[10,105]}', 400, "bad_location"),
    ('{"id":"1","location":{"lat":10}}', 400, "bad_location"),
    ('{"id":"1","location":{"lat":"10","lon":"105"}}', 400, "bad_location"),
    ('{"id":"1","location":{"lat":NaN,"lon":105}}', 400, "bad_location"),
    ('{"id":"1","location":{"lat":1e999,"lon":105}}', 400, "bad_location"),
    ('{"id":"1","location":{"lat":1' + "0" * 400 + ',"lon":105}}', 400, "bad_location"),
    ('{"id":"1","location":{"lat":true,"lon":false}}', 400, "bad_location"),
    (long_text(2001), 413, "too_long"),
    (long_text(100_000), 413, "too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD, ids=[f"{n}" for n in range(len(BAD))])
async def test_a_bad_message_is_refused_with_a_reason(
    chat: WebClient, body: str | bytes, status: int, code: str
) -> None:
    async with chat._client.post(f"{chat.url}/api/messages", data=body, headers=JSON) as response:
        answer = await response.json()
        assert response.status == status
        if status >= 400:
            assert answer["error"]["code"] == code
            assert answer["error"]["message"].endswith((".", ")."))
            assert "Traceback" not in str(answer)
    assert (await chat.ask("vẫn chạy")).text == "đã nhận: vẫn chạy"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_form_that_another_page_could_send_is_refused(chat: WebClient, kind: str) -> None:
    async with chat._client.post(
        f"{chat.url}/api/messages", data=b'{"id":"1","text":"x"}', headers={"Content-Type": kind}
    ) as response:
        assert response.status == 415


async def test_the_longest_text_is_taken_whole(rasa: FakeRasa, chat: WebClient) -> None:
    await chat.ask("ế" * 2000)
    assert rasa.calls[0]["message"] == "ế" * 2000


async def test_a_decomposed_text_is_counted_after_it_is_composed(rasa: FakeRasa, chat: WebClient) -> None:
    await chat.ask("e\u0302\u0301" * 2000)
    assert rasa.calls[0]["message"] == "ế" * 2000


async def test_a_too_long_text_is_refused_with_a_sentence_in_vietnamese(chat: WebClient) -> None:
    with pytest.raises(Refusal) as refused:
        await chat.send(text="a" * 2001)
    assert (refused.value.status, refused.value.message) == (413, sentences.TOO_LONG)


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        '/affirm{"x":1}',
        "//deny",
        "🙂🙂🙂",
        "asdkjh qwe zxc",
        "<script>alert(1)</script>",
        "'; DROP TABLE inbox; --",
        "{{7*7}} ${x} %s %n",
        "\u202eđảo ngược",
        "a\u0300" * 900,
        "**" * 900,
        "id: 5\nevent: message\ndata: {}\n\n",
        "a\u2028b\u2029c",
    ],
)
async def test_strange_texts_are_answered_as_texts(
    database: Database, rasa: FakeRasa, chat: WebClient, text: str
) -> None:
    answer = await chat.ask(text)
    assert answer.text.startswith("đã nhận: ")
    assert "payload" not in rasa.calls[-1]
    async with database.connect() as connection:
        assert (await connection.execute(select(inbox.c.state))).scalars().all() == ["done"]


@pytest.mark.parametrize("after", ["-1", "x", "1e9", "1.5", "9" * 30, "", "0 OR 1=1", "٣"])
async def test_a_strange_place_to_go_on_from_is_refused(chat: WebClient, after: str) -> None:
    for path in ("/api/history", "/api/stream"):
        async with chat._client.get(chat.url + path, params={"after": after}) as response:
            assert response.status == 400
            assert (await response.json())["error"]["code"] == "bad_after"


async def test_wrong_methods_are_refused(chat: WebClient) -> None:
    for method, path in [
        ("GET", "/api/messages"), ("PUT", "/api/session"), ("DELETE", "/api/history"), ("POST", "/"),
        ("TRACE", "/"), ("OPTIONS", "/api/messages"),
    ]:  # fmt: skip
        async with chat._client.request(method, chat.url + path) as response:
            assert response.status == 405
            assert response.headers["Allow"]


async def test_random_bytes_on_every_path_never_break_the_server(front: Running, chat: WebClient) -> None:
    chance = random.Random(11)
    paths = ["/api/session", "/api/messages", "/api/history", "/api/stream", "/", "/static/chat.js", "/x"]
    for _ in range(150):
        body = chance.randbytes(chance.choice([0, 1, 7, 60, 900]))
        method = chance.choice(["POST", "GET", "PUT", "PATCH", "HEAD", "BREW"])
        path = chance.choice(paths)
        if path == "/api/stream" and method == "GET":  # it would not end
            continue
        headers = {"Content-Type": chance.choice(["application/json", "text/plain", "x", ""])}
        async with chat._client.request(method, chat.url + path, data=body, headers=headers) as response:
            assert response.status < 500
    assert (await chat.ask("vẫn chạy")).text == "đã nhận: vẫn chạy"


async def test_broken_http_does_not_break_the_server(front: Running, chat: WebClient) -> None:
    host, port = front.public_url.removeprefix("http://").split(":")
    for garbage in [
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n",
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"b" * 20_000 + b"\r\n\r\n",
        b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
    ]:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(garbage)
        writer.write_eof()
        head = await asyncio.wait_for(reader.read(64), 5)
        assert not head.startswith(b"HTTP/1.1 5")
        writer.close()
    assert (await chat.ask("vẫn chạy")).text == "đã nhận: vẫn chạy"


async def test_a_client_that_leaves_at_once_still_gets_its_answer_later(front: Running, chat: WebClient) -> None:
    cookie = "; ".join(f"{c.key}={c.value}" for c in chat._client.cookie_jar)
    body = b'{"id":"roi-di","text":"con day"}'
    host, port = front.public_url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /api/messages HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await writer.drain()
    writer.close()
    assert (await chat.answer_to("roi-di")).text == "đã nhận: con day"


async def test_many_strangers_with_forged_cookies_cost_nothing(database: Database, front: Running) -> None:
    async with aiohttp.ClientSession() as session:

        async def forged(n: int) -> int:
            cookies: dict[str, Any] = {"motcua_session": f"{n:032x}.1800000000.{'A' * 43}"}
            async with session.post(
                f"{front.public_url}/api/messages", json={"id": "1", "text": "x"}, cookies=cookies
            ) as response:
                return response.status

        assert set(await asyncio.gather(*(forged(n) for n in range(100)))) == {401}
    async with database.connect() as connection:
        assert (await connection.execute(select(inbox.c.id))).all() == []
