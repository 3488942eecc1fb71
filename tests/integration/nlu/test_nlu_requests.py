"""What may come in through the channel, and what is refused."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from tests.integration.nlu.fake_actions import FakeActions
from tests.integration.nlu.talk import Talk
from tests.support.rasa import RasaServer

GOOD = {"sender": "s", "message_id": "m", "message": "xin chào"}


@pytest.mark.parametrize(
    "data",
    [
        b'{"sender": "x", ',
        b"[1, 2]",
        b"",
        b"null",
        b'"text"',
        b"\xff\xfe\x00",
        b"[" * 50_000,
    ],
)
async def test_a_body_that_is_no_json_object_is_a_bad_request(talk: Talk, data: bytes) -> None:
    status, answer = await talk.post(data=data)
    assert status == 400
    assert answer["error"]["code"] in ("not_json", "not_an_object")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sender": None}, "sender"),
        ({"sender": 123}, "sender"),
        ({"sender": ""}, "sender"),
        ({"sender": "s" * 300}, "sender"),
        ({"message_id": None}, "message_id"),
        ({"message": None}, "message"),
        ({"message": 123}, "message"),
        ({"message": {"a": 1}}, "message"),
        ({"message": "x" * 2001}, "too_long"),
        ({"payload": "/greet"}, "message"),
        ({"metadata": [1]}, "metadata"),
    ],
)
async def test_a_wrong_field_is_a_bad_request(talk: Talk, change: dict[str, Any], code: str) -> None:
    status, answer = await talk.post({**GOOD, **change})
    assert (status, answer["error"]["code"]) == (400, code)


@pytest.mark.parametrize("missing", ["sender", "message_id", "message"])
async def test_a_missing_field_is_a_bad_request(talk: Talk, missing: str) -> None:
    status, answer = await talk.post({name: value for name, value in GOOD.items() if name != missing})
    assert (status, answer["error"]["code"]) == (400, missing)


@pytest.mark.parametrize(
    "payload",
    ["/restart", "/back", "/session_start", "/khong_ton_tai", "/ask_procedure{", "/greet[1]", "greet", 5, "/"],
)
async def test_a_payload_that_names_no_intent_of_ours_is_a_bad_request(talk: Talk, payload: Any) -> None:
    status, answer = await talk.post({"sender": talk.sender, "message_id": "m", "payload": payload})
    assert (status, answer["error"]["code"]) == (400, "payload")


async def test_a_payload_carries_an_intent_and_its_entities(talk: Talk) -> None:
    said = await talk.say('!/ask_procedure{"procedure":"1.001193","facet":["fee","time"]}')
    assert "action_answer" in said
    assert "1.001193" in said
    assert "time" in said


@pytest.mark.parametrize("text", ["/restart", '/affirm{"a":1}', "//handoff", " /stop", "\u200b/stop", "／stop"])
async def test_a_text_that_looks_like_a_command_is_only_a_text(talk: Talk, actions: FakeActions, text: str) -> None:
    await talk.say("tôi muốn phản ánh")
    await talk.say("việc gì đó ngoài đường")
    said = await talk.say(text)
    assert "Tôi giúp tra cứu" not in said
    assert "action_handoff" not in actions.names()
    assert "action_session_start" not in actions.names()


async def test_a_million_characters_are_refused_and_hold_up_nobody(talk: Talk) -> None:
    other = Talk(talk.server, talk.session)
    body = json.dumps(talk.body("lệ phí đăng ký khai sinh " * 40_000)).encode()
    huge = asyncio.create_task(talk.post(data=io.BytesIO(body)))
    assert "Chào anh/chị" in await other.say("xin chào")
    status, answer = await huge
    assert (status, answer["error"]["code"]) == (400, "too_long")


@pytest.mark.parametrize("text", ["a" * 2000, "ơ" * 2000, "đăng ký " * 250, "1" * 2000, "\u0301" * 2000, "<b>" * 600])
async def test_the_longest_texts_are_answered(talk: Talk, text: str) -> None:
    assert await talk.say(text)


@pytest.mark.parametrize("text", ["", "   ", "😡😡👍", "...", " !?", "asdfghjk qwrtp", "\x00\x01", "\u200b\u200d"])
async def test_text_that_says_nothing_is_answered_by_the_fallback(talk: Talk, actions: FakeActions, text: str) -> None:
    await talk.say(text)
    assert actions.names() == ["action_default_fallback"]


async def test_half_an_emoji_and_nul_are_survived(talk: Talk) -> None:
    data = b'{"sender":"%s","message_id":"m1","message":"xin ch\\u00e0o \\ud83d\\u0000"}' % talk.sender.encode()
    status, answer = await talk.post(data=data)
    assert status == 200
    assert "Chào anh/chị" in answer[0]["text"]
    assert await talk.say("cảm ơn")


async def test_metadata_reaches_the_actions_and_replies_stay_whole(talk: Talk, actions: FakeActions) -> None:
    status, answer = await talk.post({**talk.body("!/capabilities"), "metadata": {"channel": "web", "place": None}})
    assert status == 200
    assert set(answer[0]) == {"text", "buttons"}
    assert answer[0]["buttons"][0]["payload"] == "/give_feedback"


async def test_the_token_is_needed_once_it_is_set(
    own_server: Callable[..., RasaServer], actions: FakeActions, session: aiohttp.ClientSession
) -> None:
    server = own_server(MOTCUA_CHANNEL_TOKEN="secret-1")
    server.start()
    talk = Talk(server, session)
    assert (await talk.post(GOOD))[0] == 401
    assert (await talk.post(GOOD, headers={"X-Motcua-Token": "wrong"}))[0] == 401
    status, _ = await talk.post(GOOD, headers={"X-Motcua-Token": "secret-1"})
    assert status == 200
