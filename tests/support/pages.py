"""The front door with the citizens' pages, and a browser without script that uses them."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import Running, running
from bot.pages import Desk
from bot.settings import BotSettings, DialogueSettings, WebSettings, WorkerSettings
from desk.attachments import Attachments
from desk.cases import Case, Cases, Draft, Kind
from desk.settings import AttachmentSettings
from store.engine import Database
from store.migrate import upgrade
from tests.support.cases import SEAL, cases_over

ROOMY = WebSettings(port=0, private_port=0, form_burst=1000, pin_burst=1000)
_TOKEN = re.compile(r'action="([^"]*)"[^>]*>\s*<input type="hidden" name="token" value="([^"]+)"')
File = tuple[str, bytes, str]


@dataclass(frozen=True)
class Answer:
    """What came back, after redirects."""

    status: int
    text: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Visitor:
    """A browser without script."""

    session: aiohttp.ClientSession

    async def get(self, path: str, **options: Any) -> Answer:
        """Open a page."""
        async with self.session.get(path, **options) as got:
            return await _answer(got)

    async def token(self, path: str, action: str) -> str:
        """The token in the form of a page that goes to `action`."""
        page = await self.get(path)
        tokens: dict[str, str] = dict(_TOKEN.findall(page.text))
        assert action in tokens, page.text
        return tokens[action]

    async def post(
        self, path: str, fields: dict[str, str], *, files: tuple[File, ...] = (), headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a form."""
        form = aiohttp.FormData(quote_fields=False)
        for name, value in fields.items():
            form.add_field(name, value)
        for name, content, kind in files:
            form.add_field("files", io.BytesIO(content), filename=name, content_type=kind)
        data: Any = form if files else fields
        async with self.session.post(path, data=data, headers=headers) as got:
            return await _answer(got)

    async def sign_in(self, code: str, pin: str) -> Answer:
        """Open a case with its PIN."""
        return await self.post("/t", {"token": await self.token("/t", "/t"), "code": code, "pin": pin})


@dataclass(frozen=True)
class Pages:
    """The running front door and its desk."""

    url: str
    front: Running
    desk: Desk

    @property
    def cases(self) -> Cases:
        """The cases."""
        return self.desk.cases

    @asynccontextmanager
    async def visitor(self, **options: Any) -> AsyncIterator[Visitor]:
        """Somebody with a browser of their own."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.url, cookie_jar=jar, **options) as session:
            yield Visitor(session)

    async def case(self, kind: Kind = Kind.feedback, key: str = "k1", **more: Any) -> tuple[Case, str]:
        """A case and its PIN."""
        draft = Draft(kind=kind, subject="Ổ gà trước chợ Mẫu", text="Đường trước chợ hư ba tháng nay.", **more)
        return await self.cases.open(draft, key=key)


def desk(database: Database, folder: Path, files: AttachmentSettings | None = None) -> Desk:
    """The desk's side of the front door, with its files in a folder."""
    kept = Attachments(database, folder / "attachments", files or AttachmentSettings(keep_free_mb=0))
    return Desk(database, cases_over(database), SEAL, kept)


@asynccontextmanager
async def pages(
    folder: Path, *, web: WebSettings = ROOMY, files: AttachmentSettings | None = None, dialogue: str = ""
) -> AsyncIterator[Pages]:
    """The front door, open inside the block.

    Args:
        folder: its data folder.
        dialogue: address of a dialogue server; without one no message is answered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite+aiosqlite:///{folder / 'motcua.db'}")
    try:
        await upgrade(database)
        office = desk(database, folder, files)
        settings = BotSettings(
            web=web,
            worker=WorkerSettings(poll_s=0.05, shutdown_s=0.5),
            dialogue=DialogueSettings(url=dialogue or "http://127.0.0.1:9"),
        )
        async with running(settings, database, data_dir=folder, desk=office) as front:
            yield Pages(front.public_url, front, office)
    finally:
        await database.close()


async def _answer(got: aiohttp.ClientResponse) -> Answer:
    body = await got.read()
    text = body.decode("utf-8", "replace")
    return Answer(got.status, text, got.url.path, {str(name): value for name, value in got.headers.items()}, body)
