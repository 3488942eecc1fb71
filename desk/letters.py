"""Letters that did not arrive: messages that were given up or whose end is not known, and citizens' that went wrong.

Somebody sends them again or lets them rest. Both write the log in the same transaction, and each is done to a row once
however many people ask for it at the same time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any, get_args

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit, causes
from desk._letter_rows import LOST, TABLES, letter, parsed, wanted
from desk._letter_rows import Kind as Kind
from desk._letter_rows import Letter as Letter
from desk.switchboard import CHANNELS
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.notices import tell
from store.tables import now

KINDS: tuple[Kind, ...] = get_args(Kind)
MOST = 200
"""Letters of one page at most."""
_PLACE = re.compile(r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})")
_START = 10**18 - 1
_GONE = "Không có tin này, hoặc tin đã được xóa theo thời hạn lưu."
_ELSEWHERE = "Tin này không còn trong danh sách chưa gửi được: có thể đã được gửi lại. Anh/chị tải lại trang."
_RESTS = "Tin này đã được cho nghỉ rồi."
_SURE = (
    "Không rõ tin này đã tới người dân hay chưa; gửi lại thì họ có thể nhận hai lần. Anh/chị xác nhận rồi hãy gửi lại."
)


@dataclass(frozen=True)
class Page:
    """Letters, the newest first.

    Attributes:
        more: what `before` of the next page is; None: there are no more.
    """

    letters: tuple[Letter, ...]
    more: str | None


@dataclass(frozen=True)
class Count:
    """How many letters of a kind a channel has that nobody has let rest."""

    channel: str
    kind: Kind
    number: int


async def list_(
    db: Database, *, kind: str | None = None, channel: str | None = None, before: str | None = None, limit: int = 50
) -> Page:
    """What nobody has sent again or let rest, the newest first.

    Args:
        kind: one of `KINDS`.
        before: `more` of the page before.
        limit: 1 to `MOST`.

    Raises:
        Invalid: there is no such kind, channel or page.
    """
    if kind is not None and kind not in KINDS:
        raise Invalid(f"Không có loại {kind!r}; chọn một trong: {', '.join(KINDS)}.")
    if channel is not None and channel not in CHANNELS:
        raise Invalid(f"Không có kênh {channel!r}; các kênh là: {', '.join(CHANNELS)}.")
    places, size = _places(before), max(1, min(limit, MOST))
    found: dict[str, list[Letter]] = {}
    async with db.connect() as connection:
        for box in TABLES:
            if kind is None or (kind == "unanswered") is (box == "inbox"):
                found[box] = await _some(connection, box, kind, channel, places[box], size + 1)
    # Each table in the order of its numbers, both by time.
    both = list(islice(merge(*found.values(), key=_age), size + 1))
    shown = both[:size]
    for one in shown:
        box, number = parsed(one.key)
        places[box] = number
    return Page(tuple(shown), f"{places['outbox']}.{places['inbox']}" if len(both) > size else None)


async def show(db: Database, key: str) -> Letter:
    """One of them, also when somebody has let it rest.

    Raises:
        Invalid: that is no key.
        NotFound: there is no such row.
        Conflict: it is none of these letters.
    """
    box, number = parsed(key)
    async with db.connect() as connection:
        return letter(box, await _lost(connection, box, number))


async def counts(db: Database) -> tuple[Count, ...]:
    """How many there are that nobody has let rest, by channel and kind."""
    found: list[Count] = []
    async with db.connect() as connection:
        for box, table in TABLES.items():
            each = (
                select(table.c.channel, table.c.state, func.count().label("number"))
                .where(LOST[box], table.c.seen_at.is_(None))
                .group_by(table.c.channel, table.c.state)
            )
            for row in await connection.execute(each):
                found.append(Count(row.channel, "unanswered" if box == "inbox" else row.state, row.number))
    return tuple(sorted(found, key=lambda one: (one.channel, KINDS.index(one.kind))))


async def again(db: Database, key: str, *, sure: bool = False, actor: str) -> Letter:
    """Have a message sent, or a citizen's message answered, once more; gives what it was.

    The row keeps its place in its conversation and its tries, and is tried for as long as a new one. One that somebody
    let rest may be sent again as well.

    Args:
        sure: send it although it may arrive a second time.

    Raises:
        Invalid: that is no key, or nobody is sure of a message that may have arrived.
        NotFound: there is no such row.
        Conflict: it is none of these letters, somebody was faster, or nobody can be reached with it.
    """
    box, number = parsed(key)
    moment = now()
    async with db.begin() as connection:
        row = await _lost(connection, box, number)
        was = letter(box, row)
        if was.refusal is not None:
            raise Conflict(was.refusal)
        if was.kind == "unknown" and not sure:
            raise Invalid(_SURE)
        fresh: dict[str, Any] = {"state": "ready", "next_at": moment, "lease_until": None, "error": None}
        fresh |= {"holder": None, "released_at": moment} if box == "outbox" else {"done_at": None}
        await _change(connection, box, row, {**fresh, "seen_at": None, "seen_by": None})
        data = {"was": row.state, "attempts": row.attempts, "cause": causes.parsed(row.error)[0]}
        await audit.write(connection, actor=actor, action="letter.again", subject=key, data=data)
        # As those who wait for the two tables listen (`bot.outbox.NOTICE`, `bot.inbox.NOTICE`).
        told = f"{row.channel} {row.conversation_id}" if box == "outbox" else row.conversation_id
        await tell(connection, box, told)
    return was


async def again_all(db: Database, channel: str, *, sure: bool = False, actor: str) -> tuple[int, int]:
    """Send everything of a channel again that can be; gives how many were, and how many were left as they are.

    May be stopped at any moment and run again.

    Args:
        sure: those as well that may arrive a second time.

    Raises:
        Invalid: there is no such channel.
    """
    found: list[Letter] = []
    page = await list_(db, channel=channel, limit=MOST)
    found += page.letters
    while page.more is not None:
        page = await list_(db, channel=channel, before=page.more, limit=MOST)
        found += page.letters
    done = 0
    # In the order in which they were written: what is released first leaves first.
    for key in sorted((one.key for one in found), key=parsed):
        with suppress(Conflict, Invalid, NotFound):
            await again(db, key, sure=sure, actor=actor)
            done += 1
    return done, len(found) - done


async def drop(db: Database, key: str, *, actor: str) -> Letter:
    """Let a letter rest: it is not listed any more, and stays in the database as long as other messages; gives it.

    Raises:
        Invalid: that is no key.
        NotFound: there is no such row.
        Conflict: it is none of these letters, or somebody was faster.
    """
    box, number = parsed(key)
    async with db.begin() as connection:
        row = await _lost(connection, box, number)
        if row.seen_at is not None:
            raise Conflict(_RESTS)
        await _change(connection, box, row, {"seen_at": now(), "seen_by": actor[:100]}, resting=False)
        data = {"was": row.state, "attempts": row.attempts, "cause": causes.parsed(row.error)[0]}
        await audit.write(connection, actor=actor, action="letter.drop", subject=key, data=data)
        return letter(box, row)


def _age(one: Letter) -> float:
    return -one.at.timestamp()


def _places(before: str | None) -> dict[str, int]:
    """Up to where each table was listed."""
    if before is None:
        return dict.fromkeys(TABLES, _START)
    found = _PLACE.fullmatch(before)
    if found is None:
        raise Invalid("Không có trang này; anh/chị quay lại đầu danh sách.")
    return {"outbox": int(found.group(1)), "inbox": int(found.group(2))}


async def _some(
    connection: AsyncConnection, box: str, kind: str | None, channel: str | None, before: int, limit: int
) -> list[Letter]:
    table = TABLES[box]
    some = wanted(box).where(LOST[box], table.c.seen_at.is_(None), table.c.id < before)
    if kind is not None and box == "outbox":
        some = some.where(table.c.state == kind)
    if channel is not None:
        some = some.where(table.c.channel == channel)
    rows = await connection.execute(some.order_by(table.c.id.desc()).limit(limit))
    return [letter(box, row) for row in rows]


async def _lost(connection: AsyncConnection, box: str, number: int) -> Any:
    row = (await connection.execute(wanted(box).where(TABLES[box].c.id == number))).one_or_none()
    if row is None:
        raise NotFound(_GONE)
    if row.state not in ("dead", "unknown"):
        raise Conflict(_ELSEWHERE)
    return row


async def _change(
    connection: AsyncConnection,
    box: str,
    row: Any,
    values: Mapping[str, Any],
    *,
    resting: bool = True,
) -> None:
    """Change a row as long as it is in the state in which it was read.

    Args:
        resting: whether it may have been let rest.
    """
    table = TABLES[box]
    as_read = update(table).where(table.c.id == row.id, table.c.state == row.state)
    if not resting:
        as_read = as_read.where(table.c.seen_at.is_(None))
    if (await connection.execute(as_read.values(**values))).rowcount != 1:
        raise Conflict(_ELSEWHERE)
