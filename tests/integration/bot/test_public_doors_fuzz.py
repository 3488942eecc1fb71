"""The public doors against their own description: the description is true, and generated requests break nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from bot.app import Running
from bot.http import public_app
from bot.openapi import description
from bot.settings import TelegramSettings, ZaloBotSettings, ZaloOASettings
from tests.support.doors import HOOKS, OPEN_LIMITS, Doors, doors
from tests.support.pages import desk

Open = Callable[..., AbstractAsyncContextManager[Running]]
SCHEMA = schemathesis.openapi.from_dict(description())


def _operations() -> list[Any]:
    found: Iterable[Any] = SCHEMA.get_all_operations()
    return [each.ok() for each in found]


OPERATIONS = {operation.label: operation for operation in _operations()}
EXAMPLES = 20
# A door may refuse what fits its schema (a text of blanks, a session that is gone) and pass over what it does not read.
CHOSEN = [
    check
    for check in CHECKS.get_all()
    if check.__name__ not in {"positive_data_acceptance", "negative_data_rejection", "missing_required_header"}
]


@pytest.fixture(scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    async with doors(tmp_path_factory.mktemp("doors"), {**OPEN_LIMITS, "streams_per_session": 1000}) as opened:
        yield opened
        assert await opened.measure('motcua_failures_total{kind="http"}') == 0
        assert opened.rasa.broken == []


def test_the_description_is_a_valid_openapi_document() -> None:
    SCHEMA.validate()
    assert description()["openapi"].startswith("3.1")
    names = [operation["operationId"] for path in description()["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("label", OPERATIONS)
async def test_generated_requests_are_answered_as_described(front: Doors, label: str) -> None:
    target = await front.target()
    operation = OPERATIONS[label]
    # With its cookie a stream would not end.
    headers = {} if label == "GET /api/stream" else {"Cookie": target.cookie}
    hook = next((hook for hook in HOOKS if hook.path == operation.path), None)

    def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if hook is not None:
            body = request.body or b""
            assert isinstance(body, bytes | str), "a body that is read from somewhere is not signed"
            request.headers.update(hook.sign(body.encode() if isinstance(body, str) else body))
        return request

    modes = [GenerationMode.POSITIVE]
    if list(operation.iter_parameters()) or operation.body:
        modes.append(GenerationMode.NEGATIVE)

    def send(mode: GenerationMode) -> None:
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def each(case: Any) -> None:
            case.call_and_validate(
                base_url=front.url, headers=headers, auth=signed, checks=CHOSEN, allow_redirects=False, timeout=10
            )

        each()

    for mode in modes:
        await asyncio.to_thread(send, mode)


async def test_what_is_served_describes_the_doors_that_are_open(front: Doors) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{front.url}/openapi.json") as answer:
        assert answer.content_type == "application/json"
        served = await answer.json()
    assert served["info"] == description()["info"]
    assert {hook.path for hook in HOOKS} <= set(served["paths"]) <= set(description()["paths"])


async def test_every_door_is_described_and_every_described_door_is_there(
    front_door: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Any
) -> None:
    apps: list[web.Application] = []

    def kept(*given: Any) -> web.Application:
        apps.append(public_app(*given))
        return apps[-1]

    monkeypatch.setattr("bot.app.public_app", kept)
    outside = "https://chat.example"
    nowhere = "http://127.0.0.1:9"
    token = SecretStr("1:x")
    async with front_door(
        telegram=TelegramSettings(token=token, api_url=nowhere, webhook_url=outside),
        zalo_bot=ZaloBotSettings(token=token, api_url=nowhere, webhook_url=outside),
        zalo_oa=ZaloOASettings(app_id="1", app_secret=token, oa_secret=token, api_url=nowhere, oauth_url=nowhere),
        desk=desk(database, tmp_path),
    ):
        there = {
            (route.method, route.resource.canonical)
            for route in apps[0].router.routes()
            if route.method != "HEAD" and route.resource is not None
        }
    described = {(method.upper(), path) for path, operations in description()["paths"].items() for method in operations}
    assert there == described
