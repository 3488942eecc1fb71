"""The program put together: its last resort, and what two processes of it share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.cases import Draft, Kind
from motcua.compose import compose, today
from motcua.settings import Settings
from store.errors import Unavailable


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


def test_the_day_is_that_of_viet_nam() -> None:
    here = {(datetime.now(UTC) + timedelta(hours=7)).date()}
    day = today()
    assert day in here | {(datetime.now(UTC) + timedelta(hours=7)).date()}
