"""People who edit the catalogue in the console over HTTP: repeated fields, files, long work."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from knowledge import asked
from knowledge.text import fold
from store.engine import Database
from tests.support.console import Console, Person, console

EDITOR, APPROVER = "lan.editor", "minh.approver"
_WORK = re.compile(r"/work/[\w-]+(?=\.json)")
# What a small town may ask in a week and the catalogue's own words do not hold.
WEEK = (
    ("làm giấy ế vợ ở đâu vậy ad", "unanswered"),
    ("giay e vo can giay to gi", "unanswered"),
    ("cho mình hỏi xin giấy ế vợ bao nhiêu tiền", "asked_back"),
    ("xin giấy ế vợ để vay ngân hàng, số em 0912345678", "wrong"),
    ("sửa cái tên trong giấy đẻ", "unanswered"),
    ("giấy đẻ ghi sai tên sửa ở đâu", "unanswered"),
    ("bói toán tình duyên", "unanswered"),
)


@dataclass(frozen=True)
class Visitor:
    """A browser without script, in the hands of somebody who edits."""

    person: Person

    async def see(self, path: str) -> tuple[int, str]:
        """Status and text of a page; redirects are followed."""
        answer = await self.person.get(path)
        return answer.status, answer.text

    async def send(
        self,
        path: str,
        fields: Mapping[str, str] | Sequence[tuple[str, str]],
        *,
        csrf: str | None = None,
        file: tuple[str, bytes] | None = None,
    ) -> tuple[int, str]:
        """Send a form with the session's token (or another); status and text of the page it leads to."""
        token = await self.person.token("/versions") if csrf is None else csrf
        data = aiohttp.FormData([("csrf", token), *(fields.items() if isinstance(fields, Mapping) else fields)])
        if file is not None:
            data.add_field("file", file[1], filename=file[0], content_type="application/octet-stream")
        async with self.person.session.post(path, data=data) as answer:
            return answer.status, await answer.text()

    async def finish(self, text: str) -> str:
        """Wait for the long work whose page `text` is; the page of its result."""
        found = _WORK.search(text)
        assert found is not None, text[-2000:]
        work = await self.person.wait(found.group())
        assert work["state"] == "done", work
        return (await self.see(work["link"]))[1]


@asynccontextmanager
async def editing(folder: Path) -> AsyncIterator[Console]:
    """A console with a live catalogue, an editor and an approver."""
    people = ((EDITOR, "catalogue_editor"), (APPROVER, "catalogue_approver"))
    async with console(folder, people, live=True) as opened:
        yield opened


async def ask_in_vain(db: Database) -> None:
    """Note the questions of a week."""
    for place, (question, verdict) in enumerate(WEEK):
        assert verdict in asked.VERDICTS
        answer = "**Đăng ký kết hôn**\n📍 **Nơi nộp:** xã." if verdict == "wrong" else None
        await asked.note(
            db,
            key=f"week {place}",
            question=question,
            verdict=verdict,
            codes=["1.000894"] if answer else ["1.004873"] if "vo" in fold(question) else [],
            answer=answer,
            version="20260701-080000-starter",
        )
