"""Who gets into the console, and what its guard refuses."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import update

from desk import staff
from desk.console.app import console_app
from desk.console.sign_in import _inside
from desk.settings import ConsoleSettings
from store.errors import Conflict
from store.tables import now, staff_sessions
from tests.support.console import PASSWORD, Console, console

PEOPLE = (("lan", "administrator"), ("minh", "catalogue_editor"), ("hoa", "catalogue_approver"))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Console]:
    """A console with three people and no catalogue."""
    async with console(tmp_path, PEOPLE) as running:
        yield running


async def test_who_is_not_signed_in_sees_the_sign_in_page_only(desk: Console) -> None:
    async with desk.nobody() as nobody:
        for path in ("/", "/versions", "/upload", "/history", "/versions/x/diff", "/rollback"):
            answer = await nobody.get(path)
            assert answer.path == "/sign-in", path
            assert "<h1>Đăng nhập</h1>" in answer.text
        assert (await nobody.get("/work/x.json")).status == 401


async def test_signing_in_leads_to_the_page_that_was_wanted(desk: Console) -> None:
    async with desk.nobody() as person:
        wanted = await person.get("/history?page=2")
        assert 'value="/history?page=2"' in wanted.text
        answer = await person.post(
            "/sign-in", {"name": "lan", "password": PASSWORD, "to": "/history?page=2"}, page="/sign-in"
        )
        assert answer.path == "/history"


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:1", "x"]
)
def test_signing_in_leads_to_no_other_site(to: str) -> None:
    assert _inside(to) == "/"


async def test_a_wrong_password_gets_a_generic_answer(desk: Console) -> None:
    async with desk.nobody() as person:
        said = []
        for name in ("lan", "khong-co-ai"):
            answer = await person.sign_in(name, "mật khẩu nào đó")
            assert answer.status == 403
            said.append(answer.text.replace(f'value="{name}"', ""))
        assert "không đúng" in said[0]
        strip = re.compile(r'value="[0-9a-f]{64}"')
        assert strip.sub("", said[0]) == strip.sub("", said[1])


async def test_too_many_wrong_passwords_shut_the_name_for_a_while(desk: Console) -> None:
    async with desk.nobody() as person:
        for _ in range(8):
            assert (await person.sign_in("minh", "sai mật khẩu rồi")).status == 403
        answer = await person.sign_in("minh")
        assert answer.status == 429
        assert "thử lại sau" in answer.text
        # Others are not held up.
        assert (await person.sign_in("lan")).path == "/versions"


async def test_the_cookie_is_for_the_server_alone(desk: Console) -> None:
    async with desk.nobody() as person:
        token = await person.token("/sign-in")
        data = {"csrf": token, "name": "lan", "password": PASSWORD}
        async with person.session.post("/sign-in", data=data, allow_redirects=False) as got:
            cookie = next(line for line in got.headers.getall("Set-Cookie") if line.startswith("motcua_console="))
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Path=/" in cookie


async def test_behind_https_the_cookie_never_travels_without_it(tmp_path: Path) -> None:
    async with console(tmp_path, (), settings=ConsoleSettings(port=0, https=True)) as desk, desk.nobody() as person:
        answer = await person.get("/sign-in")
        assert "Secure" in answer.headers["Set-Cookie"]


async def test_signing_out_ends_the_session_on_the_server(desk: Console) -> None:
    async with desk.person("lan") as person:
        cookies = {cookie.key: cookie.value for cookie in person.session.cookie_jar}
        assert (await person.post("/sign-out")).path == "/sign-in"
        async with aiohttp.ClientSession(desk.url, cookies=cookies) as stolen, stolen.get("/versions") as got:
            assert got.url.path == "/sign-in"


async def test_a_session_whose_time_is_over_changes_nothing(desk: Console) -> None:
    async with desk.person("lan") as person:
        token = await person.token("/upload")
        async with desk.parts.db.begin() as connection:
            await connection.execute(update(staff_sessions).values(expires_at=now() - timedelta(seconds=1)))
        async with person.session.post("/versions/x/approve", data={"csrf": token}) as got:
            assert got.url.path == "/sign-in"


async def test_an_account_that_is_shut_is_out_at_once(desk: Console) -> None:
    async with desk.person("minh") as person:
        await staff.disable(desk.parts.db, "minh", actor="test")
        assert (await person.get("/versions")).path == "/sign-in"


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ộ" * 64, "x" * 10_000])
async def test_a_form_without_its_token_is_refused(desk: Console, token: str | None) -> None:
    async with desk.person("lan") as person:
        data = {"name": "x"} if token is None else {"csrf": token}
        async with person.session.post("/versions/x/approve", data=data) as got:
            assert got.status == 403
            assert "tải lại trang" in await got.text()


async def test_the_token_of_another_session_is_refused(desk: Console) -> None:
    async with desk.person("lan") as lan, desk.person("minh") as minh:
        data = {"csrf": await minh.token("/upload")}
        async with lan.session.post("/versions/x/approve", data=data) as got:
            assert got.status == 403


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://["}],
)
async def test_a_form_of_another_site_is_refused(desk: Console, headers: dict[str, str]) -> None:
    async with desk.person("lan") as person:
        data = {"csrf": await person.token("/upload")}
        async with person.session.post("/versions/x/approve", data=data, headers=headers) as got:
            assert got.status == 403
            assert "trang khác" in await got.text()


async def test_a_body_that_is_no_form_is_refused(desk: Console) -> None:
    async with desk.person("lan") as person:
        for body, kind in ((b"{}", "application/json"), (b"\xff\x00", "text/plain"), (b"", "multipart/form-data")):
            async with person.session.post("/versions/x/approve", data=body, headers={"Content-Type": kind}) as got:
                assert got.status == 415, kind


async def test_a_form_over_a_mebibyte_is_refused(desk: Console) -> None:
    async with desk.person("lan") as person:
        body = io.BytesIO(f"csrf={await person.token('/upload')}&reason={'x' * 2_000_000}".encode())
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        async with person.session.post("/versions/x/reject", data=body, headers=kind) as got:
            assert got.status == 413
            assert "quá lớn" in await got.text()


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("minh", "/versions/x/approve", 403),
        ("minh", "/versions/x/publish", 403),
        ("minh", "/rollback", 403),
        ("hoa", "/upload", 403),
        ("hoa", "/versions/x/approve", 404),
        ("lan", "/versions/x/publish", 404),
    ],
)
async def test_each_change_needs_its_role(desk: Console, name: str, path: str, status: int) -> None:
    async with desk.person(name) as person:
        # The token is the same on every page of a session; the version page of nobody's right shows it.
        token = await person.token("/versions")
        async with person.session.post(path, data={"csrf": token}) as got:
            assert got.status == status, await got.text()


async def test_the_menu_of_actions_shows_what_one_may_do(desk: Console) -> None:
    async with desk.person("minh") as editor, desk.person("hoa") as approver:
        assert 'href="/upload"' in (await editor.get("/versions")).text
        assert 'href="/upload"' not in (await approver.get("/versions")).text


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/versions/nothing",
        "/versions/nothing/diff",
        "/versions/nothing/report",
        "/versions/..%2f..%2fetc",
        "/versions/%00",
        "/static/../app.py",
        "/static/%2e%2e%2fapp.py",
        "/upload/" + "0" * 32,
        "/upload/..%2f..%2f",
        "/work/nothing",
        "/rollback",
    ],
)
async def test_what_is_not_there_is_said_in_vietnamese(desk: Console, path: str) -> None:
    async with desk.person("lan") as person:
        answer = await person.get(path)
        assert answer.status == 404
        assert "<h1>Không tìm thấy</h1>" in answer.text
        assert "Traceback" not in answer.text


async def test_every_answer_forbids_foreign_scripts(desk: Console) -> None:
    async with desk.person("lan") as person:
        for path in ("/versions", "/nothing", "/sign-in", "/work/x.json"):
            answer = await person.get(path, follow=False)
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "style=" not in answer.text
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=", answer.text)


async def test_a_handler_that_names_no_right_is_shut(desk: Console, free_port: int) -> None:
    app = console_app(desk.parts)

    async def forgotten(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="secret")

    app.router.add_get("/forgotten", forgotten)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", free_port).start()
    async with Console(f"http://127.0.0.1:{free_port}", desk.parts).person("lan") as person:
        answer = await person.get("/forgotten")
    await runner.cleanup()
    assert answer.status == 403
    assert "secret" not in answer.text


async def test_an_error_of_ours_is_said_and_not_shown(desk: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise RuntimeError("secret of the machine")

    async with desk.person("lan") as person:
        monkeypatch.setattr(desk.parts.catalogue, "list", broken)
        answer = await person.get("/versions")
    assert answer.status == 500
    assert "Có lỗi trong chương trình" in answer.text
    assert "secret" not in answer.text


async def test_a_port_that_is_taken_is_said(desk: Console, tmp_path: Path) -> None:
    port = int(desk.url.rpartition(":")[2])
    with pytest.raises(Conflict, match="MOTCUA_DESK__CONSOLE__PORT"):
        async with console(tmp_path / "other", (), settings=ConsoleSettings(port=port)):
            pass


async def test_files_of_the_page_are_kept_by_the_browser(desk: Console) -> None:
    async with desk.nobody() as nobody:
        page = (await nobody.get("/sign-in")).text
        for name in ("console.css", "console.js"):
            stem, _, ending = name.partition(".")
            found = re.search(rf"/static/{stem}\.[0-9a-f]{{12}}\.{ending}", page)
            assert found is not None
            answer = await nobody.get(found.group())
            assert answer.status == 200
            assert "immutable" in answer.headers["Cache-Control"]
