"""Switches of the channels: the whole bot, or one channel, says a banner instead of answering, or is closed.

Only `flip` changes the table `channel_switches`; it writes the log in the same transaction. Running processes look at
the table once a second (`Switchboard`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import structlog
from sqlalchemy import select, update

from desk import audit
from knowledge.text import nfc
from store.engine import Database
from store.errors import Invalid, NotFound
from store.tables import channel_switches, now
from store.upsert import insert_or_skip

_log = structlog.get_logger(__name__)

Mode = Literal["open", "banner", "closed"]
"""`banner`: the bot answers nothing but the banner, and citizens' messages are kept; `closed`: nothing is taken in and
nothing goes out, messages of ours wait."""

ALL = "all"
CHANNELS = ("web", "telegram", "zalo_oa", "zalo_bot")
LONGEST_BANNER = 300
DEFAULT_BANNER = (
    "Trợ lý tự động đang tạm dừng. Tin của anh/chị vẫn được giữ lại. Cần gấp, anh/chị liên hệ bộ phận một cửa của xã, "
    "phường nơi mình ở; nguy hiểm thì gọi 113, 114 hoặc 115."
)
_STRICTNESS: Mapping[Mode, int] = {"open": 0, "banner": 1, "closed": 2}
_LOOK_S = 1.0


@dataclass(frozen=True)
class Switch:
    """How a channel is switched.

    Attributes:
        channel: a channel's name, or `all`.
        banner: None: the default is said.
        changed_at: None when nobody has touched it.
    """

    channel: str
    mode: Mode = "open"
    banner: str | None = None
    changed_at: datetime | None = None
    changed_by: str = ""


async def states(db: Database) -> tuple[Switch, ...]:
    """Every switch: that of the whole bot first, then the channels'."""
    async with db.connect() as connection:
        rows = (await connection.execute(select(channel_switches))).mappings().all()
    found = {row["channel"]: Switch(**row) for row in rows}
    return tuple(found.get(name, Switch(name)) for name in (ALL, *CHANNELS))


async def flip(db: Database, channel: str, mode: str, *, banner: str | None = None, actor: str) -> Switch:
    """Switch a channel, or the whole bot; gives how it was before, with which it can be put back.

    Args:
        banner: what citizens read meanwhile; None or empty: the default.

    Raises:
        NotFound: there is no such channel.
        Invalid: there is no such mode, or the banner is too long.
    """
    if channel not in (ALL, *CHANNELS):
        raise NotFound(f"Không có kênh {channel!r}; các kênh là: {', '.join((ALL, *CHANNELS))}.")
    wanted: Mode | None = next((each for each in get_args(Mode) if each == mode), None)
    if wanted is None:
        raise Invalid(f"Không có chế độ {mode!r}; chọn một trong: {', '.join(get_args(Mode))}.")
    text = _cleaned(banner) if wanted != "open" else None
    values = {"mode": wanted, "banner": text, "changed_at": now(), "changed_by": actor[:100]}
    async with db.begin() as connection:
        own = channel_switches.c.channel == channel
        # A row that is not there cannot be locked: of two who switch at once the second would not see the first.
        untouched = {"mode": "open", "banner": None, "changed_at": now(), "changed_by": ""}
        await connection.execute(insert_or_skip(db.dialect, channel_switches).values(channel=channel, **untouched))
        row = (await connection.execute(select(channel_switches).where(own).with_for_update())).mappings().one()
        before = Switch(**row)
        await connection.execute(update(channel_switches).where(own).values(**values))
        data = {"mode": wanted, "before": before.mode, "banner": text}
        await audit.write(connection, actor=actor, action="channel.switch", subject=f"channel:{channel}", data=data)
    return before


class Switchboard:
    """The switches as a running process knows them; all open until it has looked."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._states: Mapping[str, Switch] = {}

    def mode(self, channel: str) -> Mode:
        """How a channel stands: its own switch or that of the whole bot, whichever is stricter."""
        own, whole = self._of(channel), self._of(ALL)
        return max(own.mode, whole.mode, key=lambda mode: _STRICTNESS[mode])

    def banner(self, channel: str) -> str:
        """What citizens read while a channel is switched off; its own words before those of the whole bot."""
        off = [each for each in (self._of(channel), self._of(ALL)) if each.mode != "open"]
        return next((each.banner for each in off if each.banner), DEFAULT_BANNER)

    async def refresh(self) -> None:
        """Look now."""
        self._states = {each.channel: each for each in await states(self._db)}

    async def run(self) -> None:
        """Look once a second until cancelled; while the database does not answer, the last state holds."""
        failing = False
        while True:
            try:
                await self.refresh()
                failing = False
            except Exception as error:
                if not failing:
                    _log.warning("the switches cannot be read; they stay as they were", reason=type(error).__name__)
                failing = True
            await asyncio.sleep(_LOOK_S)

    def _of(self, channel: str) -> Switch:
        return self._states.get(channel, Switch(channel))


def _cleaned(banner: str | None) -> str | None:
    text = " ".join(nfc(banner or "").split())
    if not text:
        return None
    if len(text) > LONGEST_BANNER:
        raise Invalid(f"Lời nhắn dài quá {LONGEST_BANNER} ký tự.")
    if not text.isprintable():
        raise Invalid("Lời nhắn có ký tự không hiển thị được.")
    return text
