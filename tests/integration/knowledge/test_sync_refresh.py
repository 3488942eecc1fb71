"""From a portal to a version of the catalogue: staged for a person, and published only when little has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from knowledge.catalogue import Catalogue, Version
from knowledge.settings import KnowledgeSettings, SyncSettings, SyncSource
from knowledge.sync import refresh, schedule
from knowledge.sync._pages import Pages
from store.engine import Database
from store.errors import Invalid, Unavailable
from store.migrate import upgrade
from store.tables import now, sync_pages
from tests.fakes.portal import FakePortal, Trouble, detail

TEN = [detail(number) for number in range(1, 11)]


class Untrained(Catalogue):
    """A catalogue that switches versions without training a search for them; that takes long and has its own tests."""

    async def publish(self, version: str, *, actor: str, **_more: Any) -> Version:
        await self._workshop.switch(await self.version(version), actor, "published")
        return await self.version(version)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def catalogue(db: Database, tmp_path: Path) -> AsyncIterator[Catalogue]:
    opened = Untrained(db, tmp_path / "catalogue", KnowledgeSettings())
    yield opened
    await opened.close()


def source(portal: FakePortal, **more: Any) -> SyncSource:
    quick = {"rate": 1000, "first_wait_s": 0.01, "attempts": 2, "threshold": 0.1}
    return SyncSource.model_validate({"name": "portal", "url": portal.url, **quick, **more})


async def live(catalogue: Catalogue) -> str | None:
    return next((version.id for version in await catalogue.list() if version.live), None)


async def test_nothing_is_published_that_no_person_and_no_setting_asked_for(db: Database, catalogue: Catalogue) -> None:
    async with FakePortal(TEN) as portal:
        wanted = source(portal, publish=True)
        first = await refresh(wanted, catalogue, db, actor="lan")
        assert (first.state, first.share, first.version is not None) == ("staged", None, True)
        assert first.version is not None
        assert await live(catalogue) is None
        await catalogue.publish(first.version, actor="lan")

        same = await refresh(wanted, catalogue, db, actor="lan")
        assert (same.state, same.version) == ("unchanged", first.version)
        again = await refresh(wanted, catalogue, db, actor="lan", anew=True)
        assert (again.state, again.share) == ("same", 0.0)

        # One of ten: no more than the threshold.
        portal.details[TEN[2]["id"]] = {**TEN[2], "name": "Đăng ký khai tử lại"}
        little = await refresh(wanted, catalogue, db, actor="lan")
        assert (little.state, little.share, little.counts["changed"]) == ("published", 0.1, 1)
        assert await live(catalogue) == little.version

        # Two of ten are gone: a person has to look.
        for gone in TEN[:2]:
            del portal.details[gone["id"]]
        much = await refresh(wanted, catalogue, db, actor="lan")
        assert (much.state, much.counts["removed"]) == ("staged", 2)
        assert "more than 10.0%" in much.reason
        assert await live(catalogue) == little.version


async def test_what_cannot_be_fetched_or_used_stages_nothing(db: Database, catalogue: Catalogue) -> None:
    async with FakePortal(TEN) as portal:
        portal.troubles["list"] = [Trouble(500)] * 2
        with pytest.raises(Unavailable):
            await refresh(source(portal), catalogue, db, actor="lan")
        portal.details = {one["id"]: {**one, "code": None, "codeNotation": None} for one in TEN}
        with pytest.raises(Invalid):
            await refresh(source(portal), catalogue, db, actor="lan")
    assert await catalogue.list() == ()


async def test_the_running_program_fetches_what_is_due_once(db: Database, catalogue: Catalogue) -> None:
    async with FakePortal(TEN) as portal:
        settings = SyncSettings(
            sources=(source(portal, schedule="every 12 h"), source(portal, name="by-hand", page_size=7))
        )
        task = asyncio.create_task(schedule.run(catalogue, db, settings, look_s=0.02))
        while not await catalogue.list():  # noqa: ASYNC110 - the version is seen in the database only
            await asyncio.sleep(0.05)
        fetched = portal.requests
        await asyncio.sleep(0.2)
        assert portal.requests == fetched
        [version] = await catalogue.list()
        assert (version.state, version.actor, version.source) == ("staged", "sync portal", "portal")
        assert await Pages(db, settings.sources[1]).last() is None
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # A program that starts later sees in the database that nothing is due, or that something is.
        assert await schedule.is_due(settings.sources[0], db, now()) is False
        ago = {"state": "done", "started_at": "2026-01-01T00:00:00+00:00"}
        async with db.begin() as connection:
            await connection.execute(update(sync_pages).where(sync_pages.c.key == "run").values(body=ago))
        assert await schedule.is_due(settings.sources[0], db, now()) is True


async def test_a_program_without_scheduled_sources_has_nothing_to_run(db: Database, catalogue: Catalogue) -> None:
    async with FakePortal(TEN) as portal:
        await schedule.run(catalogue, db, SyncSettings(sources=(source(portal),)))
        assert portal.requests == 0


async def test_a_failed_fetch_does_not_end_the_schedule(db: Database, catalogue: Catalogue) -> None:
    async with FakePortal(TEN) as well, FakePortal(TEN) as ill:
        ill.troubles["list"] = [Trouble(500)] * 100
        settings = SyncSettings(
            sources=(
                source(ill, name="ill", schedule="every 1 h"),
                source(well, name="well", schedule="every 1 h"),
            )
        )
        task = asyncio.create_task(schedule.run(catalogue, db, settings, look_s=0.02))
        while not await catalogue.list():  # noqa: ASYNC110 - the version is seen in the database only
            await asyncio.sleep(0.05)
        # It is not hammered either: the next try comes a quarter of an hour later.
        assert ill.asked["list"] == 2
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
