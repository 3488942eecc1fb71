"""The console over a database of its own, and people who use it over HTTP."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.post import BotPost
from desk import staff
from desk.attachments import Attachments
from desk.cases import Cases
from desk.console.app import Parts, running
from desk.handling import Handling
from desk.sealing import Seal
from desk.settings import ConsoleSettings, HandoffSettings
from desk.takeover import Takeovers
from knowledge.catalogue import STARTER, Catalogue
from knowledge.places import Gazetteer
from knowledge.settings import KnowledgeSettings
from store.engine import Database
from store.migrate import upgrade
from tests.support import small_catalogue

SEAL = Seal([SecretStr("a key of tests, long enough to seal with")])
PASSWORD = "một mật khẩu đủ dài"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass(frozen=True)
class Console:
    """A running console."""

    url: str
    parts: Parts

    @asynccontextmanager
    async def person(self, name: str) -> AsyncIterator[Person]:
        """Somebody who is signed in."""
        async with self.nobody() as person:
            await person.sign_in(name)
            yield person

    @asynccontextmanager
    async def nobody(self) -> AsyncIterator[Person]:
        """Somebody who is not signed in."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.url, cookie_jar=jar) as session:
            yield Person(session)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Person:
    """A browser without script."""

    session: aiohttp.ClientSession

    async def get(self, path: str, *, follow: bool = True) -> Answer:
        """Open a page."""
        async with self.session.get(path, allow_redirects=follow) as got:
            return Answer(
                got.status,
                await got.text(errors="replace"),
                got.url.path,
                {str(name): value for name, value in got.headers.items()},
            )

    async def token(self, path: str) -> str:
        """The token that the forms of a page carry."""
        found = _CSRF.search((await self.get(path)).text)
        assert found is not None, path
        return found.group(1)

    async def post(self, path: str, fields: dict[str, str] | None = None, *, page: str = "/versions") -> Answer:
        """Send a form as it stands on `page`, with that page's token."""
        data = {"csrf": await self.token(page), **(fields or {})}
        async with self.session.post(path, data=data) as got:
            return Answer(
                got.status,
                await got.text(errors="replace"),
                got.url.path,
                {str(name): value for name, value in got.headers.items()},
            )

    async def sign_in(self, name: str, password: str = PASSWORD) -> Answer:
        """Fill the sign-in form in."""
        return await self.post("/sign-in", {"name": name, "password": password}, page="/sign-in")

    async def upload(self, name: str, body: bytes, **fields: str) -> Answer:
        """Send a file with the upload form."""
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("csrf", await self.token("/upload"))
        for field, value in fields.items():
            form.add_field(field, value)
        form.add_field("file", io.BytesIO(body), filename=name, content_type="application/octet-stream")
        async with self.session.post("/upload", data=form) as got:
            return Answer(
                got.status,
                await got.text(errors="replace"),
                got.url.path,
                {str(name): value for name, value in got.headers.items()},
            )

    async def wait(self, path: str) -> dict[str, Any]:
        """Wait until the long work at `path` is over; gives what its script would be told."""
        while True:
            async with self.session.get(f"{path}.json") as got:
                work: dict[str, Any] = await got.json()
            if work["state"] != "running":
                return work
            await asyncio.sleep(0.1)


def register() -> str:
    """The starter's procedures of the civil register, as the file that is live."""
    return (STARTER / "ho_tich.yml").read_text(encoding="utf-8")


def changed_register() -> str:
    """The same with four changes: a fee, a time, the wording of a step, and one procedure less."""
    text = register()
    for before, after in (
        (
            "{amount: 0, text: Miễn phí, note: Xin thêm bản sao",
            "{amount: 8000, text: 8.000 đồng, note: Xin thêm bản sao",
        ),
        ("{value: 5, unit: none, text: 5 ngày (nguồn", "{value: 7, unit: none, text: 7 ngày (nguồn"),
        ("- Nhận phiếu hẹn", "- Nhận phiếu hẹn trả kết quả"),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    kept, _, _ = text.rpartition("  - code:")
    return kept


@asynccontextmanager
async def console(
    folder: Path,
    people: Iterable[tuple[str, str]],
    *,
    settings: ConsoleSettings | None = None,
    knowledge: KnowledgeSettings = small_catalogue.QUICK,
    live: bool = False,
) -> AsyncIterator[Console]:
    """A console that is open inside the block.

    Args:
        folder: its data folder.
        people: (name, role) of the accounts, all with `PASSWORD`; those that exist already are kept. Several roles
            are joined by `+`.
        settings: its port has to be 0. The second factor is asked for only where the settings name it.
        live: whether `register()` is live.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite+aiosqlite:///{folder / 'motcua.db'}")
    try:
        await upgrade(database)
        known = {person.name for person in await staff.list_(database)}
        for name, role in people:
            if name not in known:
                await staff.add(database, name, PASSWORD, role.split("+"), actor="test")
        catalogue = Catalogue(database, folder / "catalogue", knowledge)
        if live:
            (folder / "ho_tich.yml").write_text(register(), encoding="utf-8")
            staged = await catalogue.stage(folder / "ho_tich.yml", actor="test")
            await catalogue.approve(staged.id, actor="another")
            await catalogue.publish(staged.id, actor="test")
        post = BotPost()
        cases = Cases(database, SecretStr("pins of tests"), seal=SEAL, post=post)
        parts = Parts(
            db=database,
            catalogue=catalogue,
            gazetteer=Gazetteer.load(),
            settings=_settings(settings or ConsoleSettings(port=0)),
            uploads=folder / "uploads",
            seal=SEAL,
            two_persons=knowledge.two_persons,
            takeovers=Takeovers(database, post, HandoffSettings()),
            cases=cases,
            handling=Handling(database, cases=cases),
            files=Attachments(database, folder / "attachments"),
        )
        async with running(parts) as url:
            yield Console(url, parts)
        await catalogue.close()
    finally:
        await database.close()


def _settings(given: ConsoleSettings) -> ConsoleSettings:
    """The settings with the second factor left out, which has tests of its own."""
    return given if "totp" in given.model_fields_set else given.model_copy(update={"totp": "optional"})
