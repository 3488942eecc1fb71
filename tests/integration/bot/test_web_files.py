"""Photos and PDFs in the web chat: taken, answered, and kept for the case they belong to."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from bot import sentences
from bot.conversations import conversation_id
from bot.sessions import COOKIE
from desk import attachments
from desk.cases import Draft, Kind
from store.tables import conversations, inbox
from tests.fakes.rasa import FakeRasa
from tests.support.pages import Pages, Visitor, pages


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pages]:
    """The front door with a dialogue server that is never asked."""
    async with FakeRasa() as rasa, pages(tmp_path_factory.mktemp("files"), dialogue=rasa.url) as opened:
        yield opened
        assert rasa.broken == []


def photo(colour: str = "green") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


async def chat(visitor: Visitor) -> str:
    """Begin a session; gives the conversation."""
    async with visitor.session.post("/api/session", json={}) as got:
        session = got.cookies[COOKIE].value.partition(".")[0]
    return conversation_id("web", session)


async def send(visitor: Visitor, number: str, content: bytes, name: str = "ổ gà.jpg", **more: str) -> tuple[int, Any]:
    """Send a file; gives status and JSON."""
    answer = await visitor.post("/api/attachments", {"id": number, **more}, files=((name, content, "image/jpeg"),))
    return answer.status, json.loads(answer.text)


async def said(visitor: Visitor, number: str) -> list[dict[str, Any]]:
    """What is answered to a message."""
    for _ in range(100):
        async with visitor.session.get("/api/history") as got:
            told = [one for one in (await got.json())["messages"] if one.get("reply_to") == number]
        if told:
            return told
        await asyncio.sleep(0.05)
    raise AssertionError("no answer")


async def test_a_photo_waits_for_the_case_that_is_opened_next(door: Pages) -> None:
    async with door.visitor() as visitor:
        talk = await chat(visitor)
        status, taken = await send(visitor, "f1", photo())
        assert (status, taken["accepted"], taken["case"]) == (202, True, None)
        (answer,) = await said(visitor, "f1")
        assert "24 giờ" in answer["text"]
        assert [button["title"] for button in answer["buttons"]] == [sentences.SEND_FEEDBACK]
        # Sent again, after an answer that was lost: one message, one file.
        assert (await send(visitor, "f1", photo()))[0] == 202
        async with visitor.session.get("/api/history") as got:
            own = [one["text"] for one in (await got.json())["messages"] if one["from"] == "citizen"]
        assert own == ["📎 ổ gà"]
        draft = Draft(kind=Kind.feedback, subject="Ổ gà", text="Đường hư.", conversation_id=talk)
        case, _ = await door.cases.open(draft, key="f1")
        assert [file.name for file in await attachments.of_case(door.desk.database, case.id)] == ["ổ gà.jpg"]
        status, taken = await send(visitor, "f2", photo("red"))
        assert taken["case"] == case.code
        (answer,) = await said(visitor, "f2")
        assert case.code in answer["text"]
        assert [m.text[:12] for m in await door.cases.messages_for_citizen(case)] == ["Gửi tệp: ổ g"]


async def test_in_an_open_form_the_question_goes_on(door: Pages) -> None:
    async with door.visitor() as visitor:
        talk = await chat(visitor)
        await send(visitor, "g0", photo())
        await said(visitor, "g0")
        async with door.desk.database.begin() as connection:
            await connection.execute(conversations.update().where(conversations.c.id == talk).values(in_form=True))
        await send(visitor, "g1", photo("red"))
        (answer,) = await said(visitor, "g1")
        assert (answer["text"], answer["buttons"]) == (sentences.FILE_IN_FORM, [])


async def test_what_is_no_photo_is_refused_with_a_sentence_and_writes_nothing(door: Pages) -> None:
    async with door.visitor() as visitor:
        async with visitor.session.post("/api/attachments", data={"id": "h1"}) as got:
            assert got.status == 401
        talk = await chat(visitor)
        for content, name, status in (
            (b"", "a.jpg", 415),
            (b"<html>", "a.jpg", 415),
            (photo()[:200], "a.jpg", 415),
            (photo() + b"0" * (10 * 1024 * 1024), "a.jpg", 413),
            (photo(), "cccd mat truoc.jpg", 415),
        ):
            got_status, body = await send(visitor, "h1", content, name)
            assert (got_status, bool(body["error"]["message"])) == (status, True)
        assert (await send(visitor, "bad id!", photo()))[0] == 400
        assert (await visitor.post("/api/attachments", {"id": "h2"})).status == 400
        two = (("a.jpg", photo(), "image/jpeg"), ("b.jpg", photo(), "image/jpeg"))
        assert (await visitor.post("/api/attachments", {"id": "h3"}, files=two)).status == 413
        foreign = await visitor.post(
            "/api/attachments",
            {"id": "h4"},
            files=(("a.jpg", photo(), "image/jpeg"),),
            headers={"Origin": "https://evil.example"},
        )
        assert foreign.status == 403
    async with door.desk.database.connect() as connection:
        assert (await connection.execute(select(inbox.c.id).where(inbox.c.conversation_id == talk))).all() == []
