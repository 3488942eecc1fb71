"""`motcua zalo`: connecting the account, looking after its tokens, and what is said when something is missing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bot.http import private_app
from bot.metrics import Metrics
from tests.fakes.zalo_oa import APP_ID, APP_SECRET, OA_SECRET, FakeZaloOA
from tests.integration.motcua.conftest import Run
from tests.support.stack import ROOT
from tests.support.zalo import variables as to_the_fake


@pytest.fixture
async def zalo() -> AsyncIterator[FakeZaloOA]:
    async with FakeZaloOA() as fake:
        yield fake


Shell = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def variables(zalo: FakeZaloOA) -> dict[str, str]:
    """Settings that lead to the fake."""
    return to_the_fake(zalo)


@pytest.fixture
def shell(motcua: Run, variables: dict[str, str]) -> Shell:
    """Runs the command in a thread: the fake answers in this loop."""

    async def run(*arguments: str, **more: str) -> tuple[int, str]:
        done = await asyncio.to_thread(motcua, "zalo", *arguments, **{**variables, **more})
        return done.code, done.out + done.err

    return run


async def test_an_administrator_is_walked_through_and_the_tokens_are_renewed(
    shell: Shell, zalo: FakeZaloOA, tmp_path: Path
) -> None:
    code, out = await shell("status")
    assert code == 5
    assert "motcua zalo connect" in out
    code, out = await shell("connect", "--code", f"https://localhost/?oa_id=1&code={zalo.tokens.authorize()}&state=x")
    assert code == 0, out
    assert "Một cửa" in out
    assert "/hooks/zalo-oa" in out
    code, out = await shell("status", "--json")
    state = json.loads(out)
    assert (state["app_id"], state["renewal_in_doubt"]) == (APP_ID, False)
    assert 24 < state["hours_left"] <= 25
    code, out = await shell("quota")
    assert (code, "500 of 500 left" in out) == (0, True), out
    before = zalo.tokens.access
    code, out = await shell("refresh")
    assert (code, out) == (0, "renewed.\n")
    assert zalo.tokens.access != before
    for secret in (zalo.tokens.access, zalo.tokens.refresh, before, APP_SECRET, OA_SECRET):
        assert secret.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "var").glob("motcua.db*"))


@pytest.mark.parametrize("ours", [True, False])
async def test_the_permission_is_asked_for_with_a_challenge_that_only_this_run_can_answer(
    variables: dict[str, str], tmp_path: Path, ours: bool
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "motcua", "zalo", "connect"),
        cwd=ROOT,
        env={**os.environ, **variables, "MOTCUA_HOME": str(tmp_path / "var"), "PYTHONUNBUFFERED": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    async with asyncio.timeout(60):
        while "permission?" not in (line := (await process.stdout.readline()).decode()):
            pass
        # The browser agrees and is sent back.
        async with aiohttp.ClientSession() as browser, browser.get(line.strip(), allow_redirects=False) as answer:
            back = answer.headers["Location"]
        assert parse_qs(urlsplit(back).query)["code"]
        assert parse_qs(urlsplit(back).query)["state"]
        process.stdin.write(f"{back if ours else back.replace('state=', 'state=0')}\n".encode())
        out = (await process.communicate())[0].decode()
    assert process.returncode == (0 if ours else 2), out
    assert ("connected: Một cửa" if ours else "another attempt") in out


async def test_several_programs_that_renew_at_once_never_use_a_token_twice(shell: Shell, zalo: FakeZaloOA) -> None:
    assert (await shell("connect", "--refresh-token", zalo.tokens.refresh))[0] == 0
    ended = await asyncio.gather(*(shell("refresh") for _ in range(3)))
    assert [code for code, _ in ended] == [0, 0, 0], ended
    assert len(zalo.tokens.used) == len(set(zalo.tokens.used)) >= 2
    code, out = await shell("refresh", "--json")
    assert (code, list(json.loads(out))) == (0, ["access_until"])


async def test_what_the_running_program_has_counted_is_shown(
    shell: Shell, zalo: FakeZaloOA, unused_tcp_port: int
) -> None:
    assert (await shell("connect", "--refresh-token", zalo.tokens.refresh))[0] == 0
    port = {"MOTCUA_BOT__WEB__PRIVATE_PORT": str(unused_tcp_port)}
    _, out = await shell("status", **port)
    assert "the program does not run here" in out
    metrics = Metrics()
    metrics.zalo_signatures.labels("header").inc(7)
    metrics.zalo_sends.labels("free").inc(3)
    metrics.zalo_sends.labels("paid").inc()

    async def waiting() -> int:
        return 0

    async with TestServer(private_app(metrics, {}, waiting), port=unused_tcp_port):
        code, out = await shell("status", "--json", **port)
        found = json.loads(out)
        assert (code, found["signatures"], found["sends"]) == (0, {"header": 7}, {"free": 3, "paid": 1})
        _, out = await shell("status", **port)
        assert "free 3, paid 1" in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["connect", "--code", "https://localhost/?error=1"], 2, "code="),
        (["connect", "--code", "made-up"], 5, "Zalo gives no tokens"),
        (["connect", "--refresh-token", "made-up"], 5, "Zalo gives no tokens"),
        (["quota"], 5, "motcua zalo connect"),
        (["refresh"], 5, "motcua zalo connect"),
    ],
)
async def test_what_goes_wrong_is_said_in_a_sentence(shell: Shell, arguments: list[str], code: int, words: str) -> None:
    ended, out = await shell(*arguments)
    assert (ended, words in out, "Traceback" in out) == (code, True, False), out


async def test_missing_settings_are_named(shell: Shell) -> None:
    ended, out = await shell("status", MOTCUA_BOT__ZALO_OA__APP_ID="")
    assert (ended, "MOTCUA_BOT__ZALO_OA__APP_ID" in out) == (2, True), out
