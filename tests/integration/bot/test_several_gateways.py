"""Several front doors over one PostgreSQL: together they answer each message once, in order, and see each other's."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from sqlalchemy import select, text

from bot.conversations import conversation_id
from bot.post import BotPost
from bot.settings import WorkerSettings
from store.engine import Database
from store.tables import inbox
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import FakeTelegram
from tests.support.gateways import gateways
from tests.support.telegram_front import sent, settings
from tests.support.waiting import eventually
from tests.support.webclient import WebClient

SOON_S = 1.0


async def test_messages_sent_to_alternating_gateways_are_answered_once_and_in_order(
    postgres: Database, rasa: FakeRasa, tmp_path: Path
) -> None:
    async with gateways(postgres.url, rasa, tmp_path) as (first, second):
        citizens = [WebClient(first.public_url, timeout_s=30) for _ in range(4)]

        async def converse(chat: WebClient) -> list[str]:
            async with chat:
                for number in range(10):
                    chat.url = (first, second)[number % 2].public_url
                    await chat.send(id=f"m{number}", text=f"tin {number}")
                await chat.answer_to("m9")
                return [message["text"] for message in chat.received]

        said = await asyncio.gather(*(converse(chat) for chat in citizens))
    assert said == [[f"đã nhận: tin {number}" for number in range(10)]] * 4
    assert len(rasa.worked) == 40
    async with postgres.connect() as connection:
        assert set(await connection.scalars(select(inbox.c.state))) == {"done"}


async def test_a_stream_shows_within_a_second_what_another_gateway_wrote(
    postgres: Database, rasa: FakeRasa, tmp_path: Path
) -> None:
    async with gateways(postgres.url, rasa, tmp_path) as (first, second), WebClient(first.public_url) as chat:
        await chat.ask("trước đó")
        chat.url = second.public_url
        began = time.monotonic()
        assert (await chat.ask("khai sinh")).text == "đã nhận: khai sinh"
        assert time.monotonic() - began < SOON_S
        assert chat.reconnects == 0, "it is the first gateway's stream"


async def test_what_the_desk_writes_elsewhere_shows_within_a_second(
    postgres: Database, rasa: FakeRasa, tmp_path: Path
) -> None:
    async with gateways(postgres.url, rasa, tmp_path, 1) as (front,), WebClient(front.public_url) as chat:
        await chat.ask("xin chào")
        session = chat.cookies().partition("=")[2].partition(".")[0]
        began = time.monotonic()
        async with postgres.begin() as connection:
            await BotPost().write(connection, conversation_id("web", session), "Cán bộ đây.", sender="staff")

        async def shown() -> bool:
            return len(chat.received) == 2

        await eventually(shown)
        assert time.monotonic() - began < SOON_S
    assert chat.received[-1]["text"] == "Cán bộ đây."


async def test_a_gateway_with_free_hands_takes_what_another_has_none_for(
    postgres: Database, rasa: FakeRasa, tmp_path: Path
) -> None:
    async with gateways(postgres.url, rasa, tmp_path, worker=WorkerSettings(poll_s=30.0, concurrency=1)) as fronts:
        rasa.hold()
        async with WebClient(fronts[0].public_url) as one, WebClient(fronts[0].public_url) as two:
            await one.send(text="giữ tay thứ nhất")
            await rasa.called(1)
            await two.send(text="tay thứ hai")
            began = time.monotonic()
            await rasa.called(2)
            assert time.monotonic() - began < SOON_S
            rasa.release()
            await asyncio.sleep(0)


async def test_one_gateway_polls_and_the_other_takes_over_when_its_line_is_cut(
    postgres: Database, rasa: FakeRasa, telegram: FakeTelegram, tmp_path: Path
) -> None:
    telegram_settings = settings(telegram, poll_timeout_s=1)
    async with gateways(postgres.url, rasa, tmp_path, telegram=telegram_settings):
        await telegram.write("một")
        await sent(telegram, 1)
        async with postgres.begin() as connection:
            cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%telegram'"
            await connection.execute(text(cut))
        await telegram.write("hai")
        assert await sent(telegram, 2) == ["đã nhận: một", "đã nhận: hai"]
