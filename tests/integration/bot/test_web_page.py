"""The page and its files as the public gets them, and what only the private port tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
import yarl

from bot.app import Running
from tests.fakes.rasa import FakeRasa
from tests.support.browser import browser
from tests.support.webclient import WebClient

Open = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
async def front(front_door: Open) -> AsyncIterator[Running]:
    async with front_door() as opened:
        yield opened


async def test_the_page_is_served_compressed_tagged_and_locked_down(front: Running) -> None:
    async with browser() as session:
        async with session.get(front.public_url, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.status == 200
            assert response.content_type == "text/html"
            assert response.headers["Content-Encoding"] == "gzip"
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "Server" not in response.headers
            tag = response.headers["ETag"]
        async with session.get(front.public_url, headers={"If-None-Match": tag}) as response:
            assert response.status == 304
            assert await response.read() == b""
        async with session.get(front.public_url, headers={"Accept-Encoding": "identity"}) as response:
            assert b"<!doctype html>" in (await response.read()).lower()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("chat.js", "text/javascript"), ("chat.css", "text/css"), ("favicon.svg", "image/svg+xml")],
)
async def test_the_files_of_the_page_have_their_types(front: Running, name: str, kind: str) -> None:
    async with browser() as session, session.get(f"{front.public_url}/static/{name}") as response:
        assert response.status == 200
        assert response.content_type == kind


@pytest.mark.parametrize(
    "path",
    ["/static/../settings.py", "/static/..%2fsettings.py", "/static/%2e%2e/settings.py", "/static//etc/passwd",
     "/static/", "/static/nothing.js", "/nothing", "/api/nothing", "/health/live", "/metrics"],
)  # fmt: skip
async def test_nothing_else_is_served_to_the_public(front: Running, path: str) -> None:
    async with (
        browser() as session,
        session.get(yarl.URL(front.public_url + path, encoded=True)) as response,
    ):
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "not_found"
        assert "Content-Security-Policy" in response.headers


async def test_the_private_port_tells_health_and_measures(front_door: Open) -> None:
    healthy = {"catalogue": True}

    async def catalogue() -> bool:
        return healthy["catalogue"]

    async with (
        front_door(checks={"catalogue": catalogue}) as front,
        WebClient(front.public_url) as chat,
        browser() as session,
    ):
        await chat.ask("số 079123456789")
        async with session.get(f"{front.private_url}/health/live") as response:
            assert response.status == 200
        async with session.get(f"{front.private_url}/health/ready") as response:
            assert await response.json() == {
                "ready": True,
                "checks": {"database": "ok", "space": "ok", "dialogue": "ok", "catalogue": "ok"},
                "channels": {},
            }
        healthy["catalogue"] = False
        async with session.get(f"{front.private_url}/health/ready") as response:
            assert response.status == 503
            assert (await response.json())["checks"]["catalogue"] == "failed"
        async with session.get(f"{front.private_url}/metrics") as response:
            measures = await response.text()
    assert 'motcua_messages_in_total{channel="web"} 1.0' in measures
    assert 'motcua_messages_out_total{channel="web"} 1.0' in measures
    assert "motcua_turn_seconds_count 1.0" in measures
    assert "motcua_inbox_waiting 0.0" in measures
    assert "079123456789" not in measures


async def test_the_front_door_is_not_ready_without_its_dialogue(front: Running, rasa: FakeRasa) -> None:
    await rasa.stop()
    async with browser() as session, session.get(f"{front.private_url}/health/ready") as response:
        assert response.status == 503
        assert (await response.json())["checks"] == {"database": "ok", "space": "ok", "dialogue": "failed"}
