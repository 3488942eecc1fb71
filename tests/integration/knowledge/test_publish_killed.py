"""A publication that is killed at any moment: what was live, or what goes live, is whole, and the next one succeeds."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from knowledge import _versions
from knowledge.catalogue import STARTER, Catalogue, Version
from store.engine import Database
from store.errors import Conflict, MotcuaError
from tests.integration.knowledge.conftest import TINY

ROOT = Path(__file__).parents[3]
RESIDENCE, CIVIL = STARTER / "cu_tru.yml", STARTER / "ho_tich.yml"
MOMENTS = 10
QUESTION = {RESIDENCE.name: "đăng ký tạm trú", CIVIL.name: "đăng ký khai sinh"}

_PUBLISH = """
import asyncio, sys
from pathlib import Path
from knowledge.catalogue import Catalogue
from store.engine import Database
from tests.integration.knowledge.conftest import TINY

async def main():
    catalogue = Catalogue(Database(sys.argv[1]), Path(sys.argv[2]), TINY)
    print("begins", flush=True)
    await catalogue.publish(sys.argv[3], actor="killed", progress=lambda what, _share: print(what, flush=True))
    print("ended", flush=True)

asyncio.run(main())
"""


async def begin(database: Database, home: Path, version: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PUBLISH, database.url, str(home), version),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    await reads(process, "begins")
    return process


async def reads(process: asyncio.subprocess.Process, what: str) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if line.decode().strip() == what:
            return
    raise AssertionError(f"the publication ended before {what!r}")


async def patiently(catalogue: Catalogue, version: str) -> Version:
    """Publish as soon as what was killed is gone."""
    for _ in range(200):
        try:
            return await catalogue.publish(version, actor="me")
        except Conflict:
            await asyncio.sleep(0.05)
    raise AssertionError("the lock of a killed publication is still held")


async def whole(database: Database, home: Path, allowed: set[str]) -> str:
    """The live version, loaded by a process that knows nothing yet, and found to be complete."""
    fresh = Catalogue(database, home, TINY)
    snapshot = await fresh.snapshot()
    assert snapshot.version in allowed
    _versions.check(home / snapshot.version)
    known = await fresh.version(snapshot.version)
    assert len(snapshot.procedures) == known.procedures
    assert snapshot.searcher.search(QUESTION[known.source]).hits[0].code in snapshot.procedures
    await fresh.close()
    return snapshot.version


async def test_killed_at_ten_random_moments_the_old_or_the_new_version_is_live_and_whole(
    catalogue: Catalogue, database: Database, home: Path
) -> None:
    live = (await catalogue.publish((await catalogue.stage(RESIDENCE, actor="me")).id, actor="me")).id
    next_ = (await catalogue.stage(CIVIL, actor="me")).id
    process = await begin(database, home, next_)
    began = time.monotonic()
    await reads(process, "ended")
    lasts = time.monotonic() - began
    await process.wait()
    assert await whole(database, home, {next_}) == next_
    chance = random.Random(20261122)
    for _ in range(MOMENTS):
        if live != next_ and await whole(database, home, {live, next_}) == next_:
            live = next_
            source = RESIDENCE if (await catalogue.version(live)).source == CIVIL.name else CIVIL
            next_ = (await catalogue.stage(source, actor="me")).id
        process = await begin(database, home, next_)
        await asyncio.sleep(chance.uniform(0, lasts))
        if process.returncode is None:
            process.kill()
        await process.wait()
        await whole(database, home, {live, next_})
    if await whole(database, home, {live, next_}) == live:
        assert (await patiently(catalogue, next_)).live
    assert await whole(database, home, {next_}) == next_
    assert not [version for version in await catalogue.list() if version.state == "building"]
    assert not list(home.glob(".unfinished-*"))


async def test_the_building_process_ends_with_the_one_that_asked_and_the_version_can_be_built_again(
    catalogue: Catalogue, database: Database, home: Path
) -> None:
    staged = await catalogue.stage(RESIDENCE, actor="me")
    process = await begin(database, home, staged.id)
    await reads(process, "training")
    (child,) = psutil.Process(process.pid).children()
    process.kill()
    await process.wait()
    psutil.wait_procs([child], timeout=20)
    assert not child.is_running()
    assert (await catalogue.version(staged.id)).state == "building"
    published = await patiently(catalogue, staged.id)
    assert published.live
    assert "interrupted" in {event.what for event in await catalogue.events()}


async def test_a_building_process_that_is_killed_fails_the_build_with_a_sentence(
    catalogue: Catalogue, home: Path
) -> None:
    old = await catalogue.publish((await catalogue.stage(CIVIL, actor="me")).id, actor="me")
    staged = await catalogue.stage(RESIDENCE, actor="me")

    def kill(what: str, _share: float) -> None:
        if what == "training":
            for child in psutil.Process().children():
                if "knowledge._build_process" in child.cmdline():
                    child.send_signal(signal.SIGKILL)

    with pytest.raises(MotcuaError, match="ended with -9"):
        await catalogue.publish(staged.id, actor="me", progress=kill)
    assert (await catalogue.version(staged.id)).state == "failed"
    assert (await catalogue.snapshot()).version == old.id
    assert not list(home.glob(".unfinished-*"))
    assert (await catalogue.publish(staged.id, actor="me")).live


async def test_the_asking_process_answers_while_a_version_is_built(catalogue: Catalogue) -> None:
    old = await catalogue.publish((await catalogue.stage(CIVIL, actor="me")).id, actor="me")
    staged = await catalogue.stage(RESIDENCE, actor="me")
    building = asyncio.create_task(catalogue.publish(staged.id, actor="me"))
    answered = 0
    while not building.done():
        snapshot = await catalogue.snapshot()
        assert snapshot.version in {old.id, staged.id}
        # Nothing of the one version in the other's search.
        found = snapshot.searcher.search("đăng ký tạm trú").hits
        assert all(hit.code in snapshot.procedures for hit in found)
        answered += 1
        await asyncio.sleep(0.01)
    assert (await building).live
    assert answered > 10
