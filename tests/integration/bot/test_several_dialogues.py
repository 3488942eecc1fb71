"""Several dialogue servers: each conversation stays with its own, and one that is down holds up only its own."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from bot import sentences
from bot.app import Running
from bot.dialogues import Dialogues
from bot.settings import DialogueSettings, WorkerSettings
from tests.fakes.rasa import FakeRasa
from tests.integration.bot.conftest import QUICK, Open
from tests.support.waiting import eventually
from tests.support.webclient import WebClient

WORDS = ("một", "hai")


@pytest.fixture
async def second() -> AsyncIterator[FakeRasa]:
    async with FakeRasa() as fake:
        yield fake
    assert fake.broken == []


def both_of(rasa: FakeRasa, second: FakeRasa) -> DialogueSettings:
    return DialogueSettings(urls=[rasa.url, second.url])


def asked(fake: FakeRasa) -> set[str]:
    return {str(call["metadata"]["conversation"]) for call in fake.calls}


async def ready(front: Running) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"{front.private_url}/health/ready", timeout=5) as answer:
                return dict(json.load(answer)["checks"])
        except urllib.error.HTTPError as refusal:
            return dict(json.load(refusal)["checks"])

    return await asyncio.to_thread(look)


def test_a_conversation_keeps_its_server_when_others_come_and_go() -> None:
    names = [f"http://10.0.0.{n}:5005" for n in range(1, 5)]
    conversations = [f"{n:020x}" for n in range(400)]

    def homes(urls: list[str]) -> dict[str, str]:
        dialogues = Dialogues(DialogueSettings(urls=urls))
        return {each: dialogues.of(each).name for each in conversations}

    four, three = homes(names), homes(names[:3])
    assert homes(list(reversed(names))) == four
    assert {four[each] == three[each] for each in conversations if four[each] != "10.0.0.4:5005"} == {True}
    shares = [list(four.values()).count(name) for name in set(four.values())]
    assert min(shares) > 60, "each has its share"


async def test_every_conversation_is_asked_of_one_server(front_door: Open, rasa: FakeRasa, second: FakeRasa) -> None:
    async with front_door(dialogue=both_of(rasa, second)) as front:
        for _ in range(12):
            async with WebClient(front.public_url) as chat:
                for word in WORDS:
                    assert (await chat.ask(word)).text == f"đã nhận: {word}"
        assert await ready(front) == {
            "database": "ok",
            "space": "ok",
            f"dialogue 127.0.0.1:{rasa.port}": "ok",
            f"dialogue 127.0.0.1:{second.port}": "ok",
        }
    assert not asked(rasa) & asked(second)
    assert asked(rasa)
    assert asked(second)


async def test_a_server_that_is_down_holds_up_its_own_conversations_only(
    front_door: Open, rasa: FakeRasa, second: FakeRasa
) -> None:
    await second.stop()
    async with front_door(dialogue=both_of(rasa, second)) as front, AsyncExitStack() as stack:
        chats = [await stack.enter_async_context(WebClient(front.public_url)) for _ in range(16)]
        sent = [[await chat.send(text=word) for word in WORDS] for chat in chats]

        async def the_others_are_answered() -> bool:
            served = sum(len(chat.received) == len(WORDS) for chat in chats)
            return served > 0 and served == len(asked(rasa)) and len(rasa.worked) == len(WORDS) * served

        await eventually(the_others_are_answered)
        checks = await ready(front)
        assert checks[f"dialogue 127.0.0.1:{second.port}"] == "failed"
        assert checks[f"dialogue 127.0.0.1:{rasa.port}"] == "ok"
        served = [chat for chat in chats if chat.received]
        waiting = [number for number, chat in enumerate(chats) if not chat.received]
        assert waiting
        for chat in served:
            assert (await chat.ask("ba")).text == "đã nhận: ba"
        await second.start()
        for number in waiting:
            said = [(await chats[number].answer_to(one)).text for one in sent[number]]
            assert said == [f"đã nhận: {word}" for word in WORDS]
    assert len(second.worked) == len(WORDS) * len(waiting)
    assert not asked(rasa) & asked(second)


async def test_conversations_of_a_server_that_stays_away_get_the_plain_answer(
    front_door: Open, rasa: FakeRasa, second: FakeRasa
) -> None:
    await second.stop()
    impatient = WorkerSettings(**{**QUICK.model_dump(), "patience_s": 0.5})
    async with front_door(dialogue=both_of(rasa, second), worker=impatient) as front:
        said = set()
        for _ in range(8):
            async with WebClient(front.public_url) as chat:
                said.add((await chat.ask("khai sinh")).text)
        assert said == {"đã nhận: khai sinh", sentences.REDUCED_NOTHING}
