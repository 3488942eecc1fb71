"""Which sends had left when a process died: a note beside the database, made at the last moment before they do.

A row of the outbox is marked as being sent in the database, but between that and the first byte on the wire lie
milliseconds. A process that is killed in them leaves a row of which nobody can say whether it arrived, and a message
whose fate is unknown is never sent again. So each process keeps a journal: one write to a file, which the system keeps
when the process dies, immediately before the body of the request is handed to the network. A row that is marked but not
in the journal has certainly not left, and is simply sent. The answer is noted as soon as it is read, before the
database is told: what was refused is sent again, and what was accepted has arrived.

Who is alive is told by a lock on the journal that the system lets go of with its process. A journal from before the
machine's last start is not trusted: a power cut may have taken its end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import aiohttp
from aiohttp.abc import AbstractStreamWriter

_SUFFIX = ".journal"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_LARGE = 1024 * 1024

_leaving: ContextVar[Callable[[str], None] | None] = ContextVar("leaving", default=None)
_LEFT, _BACK, _THERE = "left", "back", "there"


@dataclass(frozen=True, slots=True)
class Fate:
    """What is known of a process that took rows for sending.

    Attributes:
        alive: it still runs.
        known: its journal is here and can be trusted.
        left: (row, number of the try) whose request had left, and whose answer was not read.
        arrived: the same of those that were accepted.
    """

    alive: bool = False
    known: bool = False
    left: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    arrived: frozenset[tuple[int, int]] = field(default_factory=frozenset)


class Departures:
    """The journal of this process.

    Args:
        folder: of the data folder; made when there is none. Every process of the machine keeps its journal there.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._boot = _boot()
        self._under_way = 0
        self.holder = uuid4().hex
        path = folder / f"{self.holder}{_SUFFIX}"
        draft = path.with_suffix(".new")
        self._file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Nobody sees it before it is locked, and takes it for one of the dead.
        draft.rename(path)
        self._head = os.write(self._file, f"{self._boot}\n".encode())
        self._size = self._head

    def close(self) -> None:
        """Let go of the journal; what it says is still there for whoever looks after the rows."""
        os.close(self._file)

    @contextmanager
    def sending(self, row: int, attempt: int) -> Iterator[None]:
        """Inside the block, a request whose body leaves notes this row of the outbox.

        The row is settled in the database before the block ends.

        Args:
            attempt: which try it is, from 1: an earlier one that failed for certain has left as well.
        """
        noted = _BACK

        def note(what: str) -> None:
            nonlocal noted
            if what != noted:
                noted = what
                self._size += os.write(self._file, f"{row} {attempt} {what}\n".encode())

        self._under_way += 1
        token = _leaving.set(note)
        try:
            yield
        finally:
            _leaving.reset(token)
            self._under_way -= 1
            if self._size > _LARGE and not self._under_way:
                # Every row in it was settled in the database.
                os.ftruncate(self._file, self._head)
                self._size = self._head

    def fate(self, holder: str | None) -> Fate:
        """What is known of another process by its name in the outbox."""
        if holder == self.holder:
            return Fate(alive=True)
        path = self._folder / f"{holder}{_SUFFIX}"
        if holder is None or not holder.isalnum() or not path.exists():
            return Fate()
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return Fate(alive=True)
            boot, *rows = file.read().decode("ascii", "replace").split("\n")
        if not boot or boot != self._boot:
            return Fate()
        # The last line is whole or empty: each is one write.
        notes = {(int(row), int(attempt)): what for row, attempt, what in map(str.split, filter(None, rows))}
        left, arrived = (frozenset(key for key, what in notes.items() if what == one) for one in (_LEFT, _THERE))
        return Fate(known=True, left=left, arrived=arrived)

    def forget(self, holder: str) -> None:
        """Delete the journal of a process that is dead and whose rows are settled."""
        if holder != self.holder and holder.isalnum():
            with contextlib.suppress(OSError):
                (self._folder / f"{holder}{_SUFFIX}").unlink()

    def holders(self) -> list[str]:
        """The other processes that have a journal here."""
        return sorted(path.stem for path in self._folder.glob(f"*{_SUFFIX}") if path.stem != self.holder)


def leaving() -> None:
    """Called by what sends, immediately before the body of a request goes to the network."""
    note = _leaving.get()
    if note is not None:
        note(_LEFT)


def refused() -> None:
    """Called as soon as it is known that a request that left was certainly not worked on."""
    note = _leaving.get()
    if note is not None:
        note(_BACK)


def arrived() -> None:
    """Called as soon as it is known that a request that left was accepted."""
    note = _leaving.get()
    if note is not None:
        note(_THERE)


class NotedBody(aiohttp.payload.BytesPayload):
    """A body for aiohttp's client that notes that its request leaves before its first byte is sent."""

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body."""
        leaving()
        await super().write(writer)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Send as much of the body as the request's length says."""
        leaving()
        await super().write_with_length(writer, content_length)


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
