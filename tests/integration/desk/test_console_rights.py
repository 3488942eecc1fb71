"""Every page of the console, for every role: who gets through the guard is what this table says, and nothing else.

The guard decides over HTTP with real sessions; behind it stands a page that does nothing, so that no cell of the table
changes anything. What a step with a case needs besides is in `test_rights_of_steps.py`; a file is checked against the
case it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from desk import sign_in
from desk.console._frame import csrf_token
from desk.console._guard import SESSION_COOKIE
from desk.console.app import console_app
from desk.staff import Role
from tests.support.console import PASSWORD, console

EVERYBODY = "administrator catalogue_approver catalogue_editor officer supervisor vault"
WHO = {
    # Also who is not signed in, or has given the password only.
    "open": f"nobody half {EVERYBODY}",
    "staff": EVERYBODY,
    "catalogue": "administrator catalogue_editor",
    "approval": "administrator catalogue_approver",
    "admin": "administrator",
    "desk": "officer supervisor",
    "lead": "supervisor",
    "rules": "administrator supervisor",
    "vault": "vault",
}
TABLE = """
GET  /static/{name}                         open
GET  /sign-in                               open
POST /sign-in                               open
GET  /second-factor                         open
POST /second-factor                         open
GET  /second-factor/setup                   open
POST /second-factor/setup                   open
POST /sign-out                              open

GET  /                                      staff
GET  /account                               staff
POST /account/password                      staff
POST /account/recovery-codes                staff
POST /account/sign-out-elsewhere            staff
GET  /work/{id}                             staff
GET  /work/{id}.json                        staff

GET  /versions                              staff
GET  /versions/{id}                         staff
GET  /versions/{id}/report                  staff
GET  /versions/{id}/diff                    staff
GET  /history                               staff
GET  /procedures                            staff
GET  /procedures/{code}                     staff
GET  /questions                             staff
GET  /vocabulary                            staff
GET  /vocabulary.csv                        staff
GET  /vocabulary/measure                    staff
GET  /golden                                staff
GET  /quality                               staff
GET  /receiving                             staff
GET  /offices                               staff
GET  /freshness                             staff
POST /versions/{id}/approve                 approval
POST /versions/{id}/reject                  approval
POST /versions/{id}/publish                 approval
GET  /rollback                              approval
POST /rollback                              approval
GET  /upload                                catalogue
POST /upload                                catalogue
GET  /upload/{id}                           catalogue
POST /upload/{id}                           catalogue
POST /procedures/{code}                     catalogue
POST /questions                             catalogue
POST /vocabulary                            catalogue
POST /vocabulary/upload                     catalogue
POST /vocabulary/stage                      catalogue
POST /vocabulary/{id}/end                   catalogue
POST /golden                                catalogue
POST /golden/upload                         catalogue
POST /golden/{id}/end                       catalogue
POST /receiving                             catalogue
POST /receiving/upload                      catalogue
POST /receiving/{id}/end                    catalogue

GET  /accounts                              admin
POST /accounts                              admin
GET  /accounts/{name}                       admin
POST /accounts/{name}                       admin
POST /accounts/{name}/password              admin
POST /accounts/{name}/{change}              admin
GET  /units                                 admin
POST /units                                 admin
POST /units/{code}                          admin
GET  /channels                              admin
POST /channels/{channel}                    admin
GET  /letters                               admin
POST /letters/{key}/again                   admin
POST /letters/{key}/drop                    admin

GET  /cases                                 desk
POST /cases/filters                         desk
POST /cases/filters/{number}/remove         desk
GET  /cases/new                             desk
POST /cases/new                             desk
GET  /cases/{code}                          desk
GET  /cases/{code}/print                    desk
POST /cases/{code}/take                     desk
POST /cases/{code}/accept                   desk
POST /cases/{code}/begin                    desk
POST /cases/{code}/resume                   desk
POST /cases/{code}/close                    desk
POST /cases/{code}/reopen                   desk
POST /cases/{code}/assign                   desk
POST /cases/{code}/pause                    desk
POST /cases/{code}/move                     desk
POST /cases/{code}/transfer                 desk
POST /cases/{code}/refuse                   desk
POST /cases/{code}/legal-clock              desk
POST /cases/{code}/merge                    desk
POST /cases/{code}/link                     desk
POST /cases/{code}/unlink                   desk
POST /cases/{code}/heard                    desk
POST /cases/{code}/undo                     desk
POST /cases/{code}/say                      desk
POST /cases/{code}/facts                    desk
POST /cases/{code}/contact                  desk
POST /cases/{code}/approve                  lead
POST /cases/{code}/send-back                lead
POST /cases/{code}/presence.json            desk
GET  /cases/{code}/apology                  desk
POST /cases/{code}/apology                  desk
GET  /cases/{code}/apology.docx             desk
GET  /cases/{code}/extend                   lead
POST /cases/{code}/extend                   lead
GET  /cases/{code}/data                     lead
POST /cases/{code}/data/export              lead
POST /cases/{code}/data/erase               lead

GET  /files/{id}                            staff

GET  /live                                  desk
POST /live/begin                            desk
GET  /live/{id}                             desk
POST /live/{id}/take                        desk
POST /live/{id}/say                         desk
POST /live/{id}/say.json                    desk
POST /live/{id}/hand-back                   desk
GET  /live/{id}/turns.json                  desk
GET  /live/{id}/stream                      desk

GET  /live.json                             desk

GET  /vault                                 vault
GET  /vault/{code}                          vault
POST /vault/{code}                          vault
POST /vault/{code}/identity                 vault
POST /vault/{code}/copy                     vault

GET  /canned                                rules
POST /canned                                rules
POST /canned/{number}                       rules
POST /canned/{number}/end                   rules

GET  /calendar                              rules
POST /calendar                              rules
POST /calendar/hours                        rules
POST /calendar/{id}/end                     rules

GET  /reports                               rules
GET  /reports.csv                           rules
GET  /reports.xlsx                          rules
"""
CELLS = {
    (method, path): WHO[who].split() for method, path, who in (line.split() for line in TABLE.splitlines() if line)
}
_PASSED = 299


@dataclass(frozen=True)
class Doors:
    """The console with its guard and nothing behind it.

    Attributes:
        routes: method, pattern and whether it takes a file, of every page there is.
        tokens: the session's token of each role, of `half`, and of `nobody`, who has none.
    """

    url: str
    routes: tuple[tuple[str, str, bool], ...]
    tokens: dict[str, str]


@pytest.fixture(scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    """The console's guard before an empty room, and somebody of each role."""
    folder: Path = tmp_path_factory.mktemp("rights")
    async with console(folder, [(role.value.replace("_", "-"), role.value) for role in Role]) as made:
        app = console_app(made.parts)
        app.middlewares.append(_nothing)
        routes = tuple(
            (route.method, resource.canonical, bool(getattr(route.handler, "file", False)))
            for resource in app.router.resources()
            for route in resource
            if route.method != "HEAD"
        )
        tokens = {"nobody": ""}
        for role in Role:
            name = role.value.replace("_", "-")
            _, tokens[role.value], _ = await sign_in.with_password(made.parts.db, name, PASSWORD, hours=1, always=False)
        _, tokens["half"], _ = await sign_in.with_password(made.parts.db, "administrator", PASSWORD, hours=1)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield Doors(f"http://127.0.0.1:{runner.addresses[0][1]}", routes, tokens)
        await runner.cleanup()


@web.middleware
async def _nothing(request: web.Request, handler: object) -> web.StreamResponse:
    return web.Response(status=_PASSED)


def test_every_page_is_in_the_table_and_nothing_else(doors: Doors) -> None:
    there = {(method, path) for method, path, _ in doors.routes}
    assert there - set(CELLS) == set(), "pages that nobody has written into the table of this test"
    assert set(CELLS) - there == set(), "pages of the table that do not exist"


async def test_each_role_gets_to_its_pages_and_to_no_other(doors: Doors) -> None:
    wrong = []
    for who, token in doors.tokens.items():
        cookies = {SESSION_COOKIE: token} if token else {}
        async with aiohttp.ClientSession(doors.url, cookies=cookies) as session:
            for method, pattern, file in doors.routes:
                got = await _knock(session, method, pattern, token, file)
                allowed = who in CELLS.get((method, pattern), ())
                if (got == "in") is not allowed or (got == "403") is (allowed or who in {"nobody", "half"}):
                    wrong.append(f"{who} {method} {pattern}: {got}")
    assert wrong == []


async def _knock(session: aiohttp.ClientSession, method: str, pattern: str, token: str, file: bool) -> str:
    """What comes of asking for a page: `in`, `403`, or where one is sent to."""
    path = re.sub(r"\{[^}]*\}", "1", pattern)
    form: aiohttp.FormData | dict[str, str] | None = None
    if method != "GET":
        form = {"csrf": csrf_token(token)}
        if file:
            form = aiohttp.FormData(form)
            form.add_field("file", b"x", filename="x.csv")
        if not token:
            # The form cookie of who is not signed in.
            session.cookie_jar.update_cookies({"motcua_console_form": "t"})
            form = {"csrf": csrf_token("t")}
    async with session.request(method, path, data=form, allow_redirects=False) as got:
        if got.status == _PASSED:
            return "in"
        return str(got.status) if got.status != 303 else got.headers["Location"].partition("?")[0]
