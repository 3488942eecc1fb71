"""`motcua catalogue sync`: what it says and with which status it ends."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fakes.portal import FakePortal, Trouble, detail
from tests.integration.motcua.conftest import Run


@contextmanager
def serving(portal: FakePortal) -> Iterator[FakePortal]:
    """The portal in a thread of its own: the command has its own event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(portal.__aenter__(), loop).result(20)
        yield portal
        asyncio.run_coroutine_threadsafe(portal.__aexit__(None, None, None), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def named(portal: FakePortal) -> dict[str, str]:
    source = {"name": "fake", "url": portal.url, "rate": 1000, "first_wait_s": 0.01, "attempts": 2}
    return {"MOTCUA_KNOWLEDGE__SYNC__SOURCES": json.dumps([source])}


def test_a_portal_is_synced_staged_and_reported(motcua: Run) -> None:
    broken = {**detail(3), "name": None, "code": "1.000003"}
    with serving(FakePortal([detail(1), detail(2), broken])) as portal:
        done = motcua("catalogue", "sync", "fake", "--json", **named(portal))
        assert done.code == 0, done.err
        assert (done.json["state"], done.json["report"]["total"], done.json["report"]["accepted"]) == ("staged", 3, 2)
        again = motcua("catalogue", "sync", "fake")
    assert again.code == 0
    assert "3 procedures listed, 2 taken" in again.out
    assert f"unchanged: {done.json['version']}" in again.out
    [version] = motcua("catalogue", "list", "--json").json
    assert (version["id"], version["state"], version["source"]) == (done.json["version"], "staged", "fake")


def test_a_portal_that_does_not_answer_ends_with_five(motcua: Run) -> None:
    with serving(FakePortal([detail(1)])) as portal:
        portal.troubles["list"] = [Trouble(403)]
        done = motcua("catalogue", "sync", "fake", **named(portal))
        assert done.code == 5
        assert "refuses us" in done.err
        sources = named(portal)
        url = portal.url
    # Nobody listens there any more. The source is found by its url too.
    done = motcua("catalogue", "sync", url, "--json", **sources)
    assert (done.code, done.out) == (5, "")
    assert "does not answer" in done.err
    assert motcua("catalogue", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "environment", "code"),
    [
        ((), "[]", 2),
        (("nobody",), "[]", 3),
        (("ftp://portal.example",), "[]", 2),
        (("fake",), "not json", 2),
        (("fake",), '[{"name": "fake"}]', 2),
        (("fake",), '[{"name": "fake", "url": "https://a.example", "schedule": "sometimes"}]', 2),
    ],
)
def test_garbage_ends_with_a_sentence_and_a_status(
    motcua: Run, arguments: tuple[str, ...], environment: str, code: int
) -> None:
    done = motcua("catalogue", "sync", *arguments, MOTCUA_KNOWLEDGE__SYNC__SOURCES=environment)
    assert done.code == code
    assert done.err
    assert "Traceback" not in done.err
