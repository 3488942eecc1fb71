"""The fake Zalo Bot API, proven by a client that is not ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from zalo_bot import Bot
from zalo_bot.error import InvalidToken

from tests.fakes._platform import Fault
from tests.fakes.zalo_bot import TOKEN, FakeZaloBot
from tests.support.hook import Hook


@pytest.fixture
async def client(zalo_bot: FakeZaloBot) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=zalo_bot.url) as bot:
        yield bot


async def call(fake: FakeZaloBot, method: str, token: str = TOKEN, **parameters: Any) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{fake.url}/bot{token}/{method}", json=parameters) as answer,
    ):
        assert answer.status == 200, "errors come with 200 as well"
        body: dict[str, Any] = await answer.json()
        return body


async def test_an_independent_client_reads_and_answers(zalo_bot: FakeZaloBot, client: Bot) -> None:
    me = await client.get_me()
    assert (me.account_name, me.can_join_groups) == ("bot.motcua", False)
    await zalo_bot.write("xin chào")
    await zalo_bot.write("làm khai sinh")
    first = await client.get_update(timeout=1)
    assert first.message is not None
    assert (first.message.text, first.message.chat.id) == ("xin chào", "z7")
    sent = await client.send_message(first.message.chat.id, "Dạ chào anh/chị")
    assert sent.message_id
    assert zalo_bot.texts() == ["Dạ chào anh/chị"]
    second = await client.get_update(timeout=1)
    assert second.message is not None
    assert second.message.text == "làm khai sinh", "what was given once does not come again"
    assert await client._set_webhook_async("https://motcua.example/hooks/zalo-bot", "12345678")
    assert (await client._get_webhook_info_async()).url == "https://motcua.example/hooks/zalo-bot"
    assert await client._delete_webhook_async()


@pytest.mark.parametrize(
    ("method", "parameters", "code", "reason"),
    [
        ("sendMessage", {"chat_id": "z7", "text": ""}, 400, "empty"),
        ("sendMessage", {"chat_id": "z7", "text": "a" * 2001}, 400, "too long"),
        ("sendMessage", {"chat_id": "nobody", "text": "a"}, 400, "chat not found"),
        ("sendMessage", {"text": "a"}, 400, "chat not found"),
        ("sendPhoto", {"chat_id": "z7", "photo": "file.png"}, 400, "address"),
        ("sendChatAction", {"chat_id": "z7", "action": "dance"}, 400, "action"),
        ("setWebhook", {"url": "https://a.example", "secret_token": "short"}, 400, "8 to 256"),
        ("setWebhook", {"url": "ftp://a.example", "secret_token": "12345678"}, 400, "url"),
        ("getUpdates", {"timeout": "0"}, 408, "timeout"),
        ("dance", {}, 404, "Not Found"),
    ],
)
async def test_what_zalo_refuses_is_refused(
    zalo_bot: FakeZaloBot, method: str, parameters: dict[str, Any], code: int, reason: str
) -> None:
    await zalo_bot.write("chào")
    zalo_bot.waiting.clear()
    answer = await call(zalo_bot, method, **parameters)
    assert (answer["ok"], answer["error_code"]) == (False, code)
    assert reason in answer["description"]
    assert zalo_bot.sent == []


async def test_a_wrong_token_a_block_and_a_hook_in_the_way_are_refused(zalo_bot: FakeZaloBot) -> None:
    await zalo_bot.write("chào")
    assert (await call(zalo_bot, "getMe", token="1:wrong"))["error_code"] == 401
    zalo_bot.blocked.add("z7")
    assert (await call(zalo_bot, "sendMessage", chat_id="z7", text="a"))["error_code"] == 403
    await call(zalo_bot, "setWebhook", url="http://127.0.0.1:1/x", secret_token="12345678")
    assert (await call(zalo_bot, "getUpdates", timeout="0"))["error_code"] == 409


async def test_what_arrived_is_worked_on_although_nobody_waits_for_the_answer(zalo_bot: FakeZaloBot) -> None:
    await zalo_bot.write("chào")
    zalo_bot.faults["sendmessage"] = [Fault(cut="after"), Fault(cut="before")]
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await call(zalo_bot, "sendMessage", chat_id="z7", text="a")
    assert zalo_bot.texts() == ["a"]


async def test_an_independent_client_sees_and_sends_pictures(zalo_bot: FakeZaloBot, client: Bot) -> None:
    zalo_bot.picture = "photo_url"
    await zalo_bot.send_image(content=b"anh")
    update = await client.get_update(timeout=1)
    async with aiohttp.ClientSession() as session, session.get(update.message.photo_url) as answer:
        assert await answer.read() == b"anh"
    await client.send_photo("z7", "Sơ đồ", "https://example.vn/a.png")
    assert await client.send_chat_action("z7", "typing") is True
    [accepted] = zalo_bot.accepted
    assert (accepted.serial, accepted.to, accepted.text) == (1, "z7", "Sơ đồ")


async def test_an_independent_client_with_a_wrong_token_learns_it_where_errors_have_a_status(
    zalo_bot: FakeZaloBot,
) -> None:
    zalo_bot.statuses = True
    with pytest.raises(InvalidToken):
        await Bot("1:wrong", base_url=zalo_bot.url).get_me()


async def test_a_wait_ends_with_news_and_nothing_is_given_to_somebody_who_has_hung_up(zalo_bot: FakeZaloBot) -> None:
    gone = asyncio.create_task(call(zalo_bot, "getUpdates", timeout="5"))
    await asyncio.sleep(0.1)
    gone.cancel()
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(call(zalo_bot, "getUpdates", timeout=5))
    await asyncio.sleep(0.1)
    await zalo_bot.write("chào")
    assert (await waiting)["result"]["message"]["text"] == "chào"


@pytest.mark.parametrize("flat", [False, True])
async def test_a_webhook_gets_every_update_with_the_secret_until_it_takes_it(zalo_bot: FakeZaloBot, flat: bool) -> None:
    zalo_bot.flat = flat
    zalo_bot.hook.delays = (0.01, 0.01)
    async with Hook() as hook:
        await call(zalo_bot, "setWebhook", url=hook.url, secret_token="a-secret-of-ours")
        hook.answers = [503]
        await zalo_bot.write("một")
        await zalo_bot.send_sticker()
        await zalo_bot.send_other()
        await zalo_bot.send_image(caption="ảnh")
        await zalo_bot.hook.settled()
        bodies = [json.loads(body) for body in hook.bodies]
        kinds = [(body if flat else body["result"])["event_name"].split(".")[1] for body in bodies]
        assert kinds == ["text", "text", "sticker", "unsupported", "image"]
        assert hook.bodies[0] == hook.bodies[1]
        assert {headers["X-Bot-Api-Secret-Token"] for headers in hook.headers} == {"a-secret-of-ours"}
