"""The program put together: its last resort, and what two processes of it share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from desk.cases import Draft, Kind
from motcua.compose import compose, today
from motcua.settings import Settings
from store.errors import Unavailable
from store.tables import outbox
from tests.support.cases import conversation
from tests.support.takeover import member


async def test_the_last_resort_answers_from_the_catalogue(live_home: Path) -> None:
    parts = await compose(Settings(home=live_home))
    try:
        (reply, *_) = await parts.last_resort("lam giay khai sinh cho con o dau", "30313")
        assert "1.001193" in reply.text
        assert "xã Mỹ Hòa Hưng" in reply.text
        assert all(button.payload.startswith("/") for button in reply.buttons)
        for text in ("", "👍", "x" * 5_000):
            assert (await parts.last_resort(text, None))[0].text
        assert (await parts.last_resort("làm khai sinh", "no such place"))[0].text
    finally:
        await parts.close()


async def test_without_a_catalogue_the_last_resort_says_that_it_cannot(tmp_path: Path) -> None:
    parts = await compose(Settings(home=tmp_path))
    try:
        with pytest.raises(Unavailable):
            await parts.last_resort("làm khai sinh", None)
        assert "114" in (await parts.last_resort("cháy nhà rồi cứu với", None))[0].text
    finally:
        await parts.close()


async def test_a_pin_made_by_one_process_is_known_to_the_other(tmp_path: Path) -> None:
    one, other = await compose(Settings(home=tmp_path)), await compose(Settings(home=tmp_path))
    try:
        case, pin = await one.cases.open(Draft(Kind.feedback, "Rác", "Rác chất đống"), key="k")
        assert await other.cases.follow(case.code, pin=pin, citizen_id=None) == case
    finally:
        await one.close()
        await other.close()


async def test_what_staff_answer_reaches_the_conversation_and_contacts_are_sealed(tmp_path: Path) -> None:
    parts = await compose(Settings(home=tmp_path))
    try:
        citizen, talk = await conversation(parts.database, "anna")
        draft = Draft(Kind.feedback, "Rác", "Rác chất đống", contact="0912345678")
        case, _ = await parts.cases.open(replace(draft, citizen_id=citizen, conversation_id=talk), key="k")
        assert case.unit_id is not None
        assert "0912345678" not in str(case.contact)
        assert parts.cases.contact(case) == "0912345678"
        lan = await member(parts.database)
        answered = await parts.handling.reply(lan, case.code, "Đã dọn rác.", final=True)
        assert answered.on_time
        async with parts.database.connect() as connection:
            bodies = list(await connection.scalars(select(outbox.c.body).where(outbox.c.conversation_id == talk)))
        assert "Đã dọn rác." in bodies[0]["text"]
        assert f"{parts.settings.desk.public_url}/t/{case.code}" in bodies[0]["text"]
        assert len(bodies[-1]["buttons"]) == 5
    finally:
        await parts.close()


def test_the_day_is_that_of_viet_nam() -> None:
    here = {(datetime.now(UTC) + timedelta(hours=7)).date()}
    day = today()
    assert day in here | {(datetime.now(UTC) + timedelta(hours=7)).date()}
