"""The chat in pages of other origins: who may have it, what browsers are told, and the banner."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from bot.app import Running
from bot.channels.web import WebChat
from bot.conversations import SessionRules
from bot.http import public_app
from bot.hub import Hub
from bot.inbox import Inbox
from bot.metrics import Metrics
from bot.sessions import Sessions
from bot.settings import WebSettings, WorkerSettings
from store.engine import Database
from tests.support.browser import browser

Open = Callable[..., AbstractAsyncContextManager[Running]]
PORTAL = "https://portal.angiang.example"
FOREIGN = "https://evil.example"
EMBEDDED = WebSettings(port=0, private_port=0, allowed_origins=[PORTAL, "http://[2001:db8::1]:8000"])
CORS = "Access-Control-"


@pytest.fixture
async def front(front_door: Open) -> AsyncIterator[Running]:
    async with front_door(web=EMBEDDED) as opened:
        yield opened


def cors(response: aiohttp.ClientResponse) -> dict[str, str]:
    """What an answer says about other origins."""
    return {name.removeprefix(CORS): value for name, value in response.headers.items() if name.startswith(CORS)}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/api/session", 200),
        ("POST", "/api/messages", 401),
        ("GET", "/api/history", 401),
        ("GET", "/api/stream", 401),
        ("GET", "/embed.js", 200),
        ("GET", "/static/chat.js", 200),
        ("GET", "/static/nothing.js", 404),
    ],
)
async def test_an_origin_on_the_list_may_read_every_answer_errors_too(
    front: Running, method: str, path: str, status: int
) -> None:
    for origin in (PORTAL, "HTTPS://Portal.AnGiang.example"):
        async with (
            browser(Origin=origin) as session,
            session.request(method, front.public_url + path) as response,
        ):
            assert response.status == status
            assert cors(response) == {
                "Allow-Origin": origin,
                "Allow-Credentials": "true",
                "Expose-Headers": "Retry-After",
            }
            assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", PORTAL + ".evil.example", "http://portal.angiang.example", "*", None]
)
async def test_no_other_origin_may_read_or_post_anything(front: Running, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {"Sec-Fetch-Site": "cross-site"}
    async with browser(**headers) as session:
        for path in ("/api/session", "/api/messages", "/api/attachments"):
            async with session.post(front.public_url + path, json={}) as response:
                # Attachments have no address here: refused before that is looked at.
                assert (response.status, cors(response)) == (403, {})
        for path in ("/api/history", "/static/chat.js", "/embed.js"):
            async with session.get(front.public_url + path) as response:
                assert cors(response) == {}
                # Else a cache would hand it to the portal, whose browser would refuse it.
                assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize("path", ["/", "/t", "/nothing"])
async def test_pages_beside_the_chat_are_for_nobody_else(front: Running, path: str) -> None:
    async with browser(Origin=PORTAL) as session:
        async with session.get(front.public_url + path) as response:
            assert cors(response) == {}
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        async with session.post(front.public_url + path, data={}) as response:
            assert response.status == 403


async def test_a_preflight_is_answered_for_the_list_only_and_not_kept_long(front: Running) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    async with browser(**asked) as session:
        url = f"{front.public_url}/api/messages"
        async with session.options(url, headers={"Origin": PORTAL}) as response:
            assert response.status == 204
            assert await response.read() == b""
            said = cors(response)
            assert said["Allow-Origin"] == PORTAL
            assert (said["Allow-Methods"], said["Allow-Headers"]) == ("GET, POST", "Content-Type")
            assert int(said["Max-Age"]) <= 600
        async with session.options(url, headers={"Origin": FOREIGN}) as response:
            assert (response.status, cors(response)) == (405, {})
        more = {"Origin": PORTAL, "Access-Control-Request-Method": "DELETE"}
        async with session.options(url, headers=more) as response:
            assert response.status == 405
            assert "Allow-Methods" not in cors(response)


async def test_what_a_page_loads_without_asking_is_given_and_the_api_is_not(front: Running) -> None:
    async with browser() as session:
        for path, policy in (
            ("/embed.js", "cross-origin"),
            ("/static/favicon.svg", "cross-origin"),
            ("/api/history", "same-origin"),
        ):
            async with session.get(front.public_url + path) as response:
                assert response.headers["Cross-Origin-Resource-Policy"] == policy
                assert "unsafe" not in response.headers["Content-Security-Policy"]


async def test_where_nobody_may_embed_nothing_is_opened(front_door: Open) -> None:
    async with front_door() as front, browser(Origin=PORTAL) as session:
        async with session.get(f"{front.public_url}/embed.js") as response:
            assert (response.status, cors(response)) == (200, {})
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        async with session.post(f"{front.public_url}/api/session", json={}) as response:
            assert response.status == 403


async def test_limits_of_session_and_address_hold_for_an_embedded_chat(front_door: Open) -> None:
    tight = EMBEDDED.model_copy(
        update={"session_burst": 2, "session_rate": 0.1, "address_burst": 6, "address_rate": 0.01}
    )
    async with front_door(web=tight) as front, browser(Origin=PORTAL) as session:
        async with session.post(f"{front.public_url}/api/session", json={}) as response:
            assert response.status == 200
        statuses = []
        for n in range(6):
            body = {"id": f"m{n}", "text": "xin chào"}
            async with session.post(f"{front.public_url}/api/messages", json=body) as response:
                statuses.append(response.status)
                if response.status == 429:
                    # The page can read how long to wait.
                    assert int(response.headers["Retry-After"]) > 0
                    assert cors(response)["Allow-Origin"] == PORTAL
        assert statuses == [202, 202, 429, 429, 429, 429]
        async with session.get(f"{front.public_url}/api/history") as response:
            assert response.status == 429


# ---- the cookie ----


async def test_in_a_portal_of_another_site_the_cookie_is_kept_apart_for_that_portal(front_door: Open) -> None:
    apart = WebSettings(port=0, private_port=0, https=True, cross_site=True, allowed_origins=[PORTAL])
    async with (
        front_door(web=apart) as front,
        browser(Origin=PORTAL) as session,
        session.post(f"{front.public_url}/api/session", json={}) as response,
    ):
        parts = response.headers["Set-Cookie"].split("; ")
        assert {"HttpOnly", "Secure", "SameSite=None", "Partitioned", "Path=/", "Max-Age=2592000"} <= set(parts)
        value = parts[0].partition("=")[2]
        body = json.loads(await response.read())
        async with session.get(f"{front.public_url}/api/history", headers={"Cookie": parts[0]}) as answer:
            assert answer.status == 200
    # What a script may know of the session is no part of the cookie.
    assert body["session"]
    assert body["session"] not in value


def test_a_cookie_of_another_site_without_https_stops_the_start() -> None:
    with pytest.raises(ValidationError, match="MOTCUA_BOT__WEB__HTTPS=true"):
        WebSettings(cross_site=True)


@pytest.mark.parametrize("origin", ["*", "null", "portal.example", "https://portal.example/x", "https://*.example", ""])
def test_what_is_no_origin_stops_the_start(origin: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        WebSettings(allowed_origins=[origin])


# ---- the banner ----


async def test_the_banner_is_told_at_the_start_and_whenever_it_changes(database: Database) -> None:
    said: list[str | None] = ["Chiều nay bảo trì."]
    metrics, hub = Metrics(), Hub()
    inbox = Inbox(database, SessionRules.of(WorkerSettings()), lease_s=60.0, button_days=1)
    chat = WebChat(
        EMBEDDED,
        database,
        inbox,
        hub,
        Sessions(b"k" * 32, 1),
        metrics,
        waiting=inbox.waiting_roughly,
        backlog=9,
        banner=lambda: said[0],
    )
    app = public_app(EMBEDDED, metrics)
    chat.add_routes(app)
    async with TestServer(app) as server, browser() as session:
        url = str(server.make_url("")).rstrip("/")
        async with session.post(f"{url}/api/session", json={}) as opened:
            assert (await opened.json())["banner"] == "Chiều nay bảo trì."
        async with session.get(f"{url}/api/stream") as stream:

            async def told() -> object:
                async with asyncio.timeout(5):
                    while await stream.content.readline() != b"event: banner\n":
                        pass
                    line = await stream.content.readline()
                return json.loads(line.removeprefix(b"data: "))

            assert await told() == {"text": "Chiều nay bảo trì."}
            said[0] = None
            assert await told() == {"text": None}
            said[0] = "Kênh này tạm dừng.\nevent: message"
            assert await told() == {"text": said[0]}
            async with session.get(f"{url}/api/history") as now:
                assert (await now.json())["banner"] == said[0]
        hub.close()
