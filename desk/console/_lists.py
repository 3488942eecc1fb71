"""What the pages of editing share: long lists cut into pages, forms with repeated fields, the bot's text as seen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from aiohttp import web
from markupsafe import Markup, escape
from multidict import MultiMapping

from desk.console._frame import FORM
from desk.texts import VIET_NAM

T = TypeVar("T")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Sheet(Generic[T]):
    """One page of a list: `rows` of page `number` out of `count`; `total` rows on all pages."""

    rows: Sequence[T]
    number: int
    count: int
    total: int


def sheet(rows: Sequence[T], asked: str, size: int) -> Sheet[T]:
    """The page that was asked for; one that is not there gives the nearest."""
    count = max(1, -(-len(rows) // size))
    number = min(max(1, int(asked)), count) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return Sheet(rows[(number - 1) * size : number * size], number, count, len(rows))


def sent(request: web.Request) -> MultiMapping[Any]:
    """The fields of a posted form, of which a name may stand several times."""
    form = request[FORM]
    assert isinstance(form, MultiMapping)
    return form


class Last(Generic[T]):
    """The last result of work that takes long and gives the same for the same key."""

    def __init__(self) -> None:
        self._held: tuple[object, T] | None = None
        self._alone = asyncio.Lock()

    async def get(self, key: object, make: Callable[[], T]) -> T:
        """The result for a key; `make` runs in a thread, once however many ask for it."""
        async with self._alone:
            if self._held is None or self._held[0] != key:
                self._held = (key, await asyncio.to_thread(make))
            return self._held[1]


def as_chat(text: str) -> Markup:
    """A reply of the bot as the chat shows it: its lines, and **bold** words."""
    return Markup("<br>").join(Markup(_BOLD.sub(r"<b>\1</b>", str(escape(line)))) for line in text.split("\n"))  # noqa: S704


def today() -> date:
    """The day it is in Viet Nam."""
    return datetime.now(VIET_NAM).date()


def day_of(text: str) -> date | None:
    """The day of a date field; None when it is empty or no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
