"""Conversations on disk: what was said, and the replies to each message, written together.

One row a turn: the events that the turn added and the bot's replies, in one INSERT. A message is therefore either
answered and remembered or neither, whenever the process is killed, and the same message id asked again is answered from
the row. Live trackers are kept in memory, so that a turn reads nothing back and serialises only what is new; Rasa's own
stores replay the whole conversation on each message.

A conversation that grows long is *compacted* between two turns: its events are replaced by those of a new session that
carries the slots over, exactly what Rasa does when a session expires. Latency then stays flat. A turn that an action
calls private is compacted at once, so that nothing of what the citizen wrote stays on disk.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException

from nlu.turn import current

log = logging.getLogger(__name__)

_DAY = 86_400.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS turn (
    sender TEXT NOT NULL,
    seq INTEGER NOT NULL,
    base INTEGER NOT NULL,      -- 1: the events of this row replace those of all rows before it
    message_id TEXT,
    events TEXT NOT NULL,       -- JSON list
    replies TEXT,               -- JSON list
    at REAL NOT NULL,           -- Unix time
    PRIMARY KEY (sender, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS turn_message ON turn (sender, message_id) WHERE message_id IS NOT NULL;
"""


class TrackerStoreError(RasaException):
    """The file of conversations cannot be used; the message says what to do."""


class _Live:
    """A tracker in memory and how much of it is on disk."""

    def __init__(self, tracker: DialogueStateTracker, saved: int, seq: int) -> None:
        self.tracker = tracker
        self.saved = saved  # events on disk
        self.seq = seq  # the last row's number


class SqliteTrackerStore(TrackerStore):
    """Rasa's tracker store on one SQLite file (WAL).

    Args:
        domain: Rasa's domain.
        db: path of the file; made where it is missing.
        event_broker: new events are published to it, as Rasa's stores do.
        keep_days: conversations quiet for longer are deleted at start.
        live: trackers kept in memory.
        compact_after: events after which a conversation outside a form is compacted; in a form, four times as many.
        synchronous: FULL survives a power cut; NORMAL only the death of the process.
        busy_seconds: how long a write waits for another process's lock before it fails.
        host: unused; Rasa passes it.

    Raises:
        TrackerStoreError: the file is no usable database.
    """

    def __init__(
        self,
        domain: Domain | None,
        db: str | Path,
        event_broker: EventBroker | None = None,
        keep_days: float = 30.0,
        live: int = 1_000,
        compact_after: int = 120,
        synchronous: str = "FULL",
        busy_seconds: float = 5.0,
        host: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the file and delete what is too old."""
        super().__init__(domain, event_broker, **kwargs)
        if str(synchronous).upper() not in ("FULL", "NORMAL"):
            raise TrackerStoreError(f"synchronous must be FULL or NORMAL, not {synchronous!r}.")
        self._path = Path(db)
        self._live: OrderedDict[str, _Live] = OrderedDict()
        self._room = int(live)
        self._compact_after = int(compact_after)
        # Writes wait for the disk: one thread does them so that the event loop does not. Reads never wait in WAL mode.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="trackers")
        self._waits_for_disk = str(synchronous).upper() == "FULL"
        self._writer = self._open(str(synchronous).upper(), float(busy_seconds))
        self._purge(float(keep_days))
        self._reader = sqlite3.connect(self._path, timeout=float(busy_seconds), isolation_level=None)

    def _open(self, synchronous: str, busy_seconds: float) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={synchronous}")
            connection.executescript(_SCHEMA)
            connection.execute("SELECT sender, seq, base, message_id, events, replies, at FROM turn LIMIT 1").fetchall()
        except (sqlite3.Error, OSError) as error:
            raise TrackerStoreError(
                f"{self._path} cannot be used as the file of conversations: {error}. "
                "Check that the folder is writable; if the file is damaged, move it away and start again "
                "(conversations in progress start afresh, nothing else is lost)."
            ) from error
        return connection

    def _purge(self, keep_days: float) -> None:
        deleted = self._writer.execute(
            "DELETE FROM turn WHERE sender IN (SELECT sender FROM turn GROUP BY sender HAVING max(at) < ?)",
            (time.time() - keep_days * _DAY,),
        ).rowcount
        if deleted:
            log.info("deleted %d turns of conversations older than %g days", deleted, keep_days)

    # -- reading -----------------------------------------------------------------------------------------------------

    def replies(self, sender: str, message_id: str) -> list[dict[str, Any]] | None:
        """The replies already given to a message; None when it was not answered yet."""
        row = self._reader.execute(
            "SELECT replies FROM turn WHERE sender = ? AND message_id = ?", (sender, message_id)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def is_new(self, sender: str) -> bool:
        """Whether nothing of a conversation was answered yet."""
        row = self._reader.execute("SELECT 1 FROM turn WHERE sender = ? LIMIT 1", (sender,)).fetchone()
        return row is None

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation as last saved; the very object that the next ``save`` expects back."""
        live = self._live.get(sender_id)
        if live is None:
            rows = self._read_events(sender_id)
            if not rows:
                return None
            events = [event for _, text in rows for event in deserialise_events(json.loads(text))]
            tracker = self.init_tracker(sender_id)
            for event in events:
                tracker.update(event)
            live = self._remember(sender_id, _Live(tracker, len(events), rows[-1][0]))
        self._live.move_to_end(sender_id)
        return live.tracker

    def _read_events(self, sender: str) -> list[tuple[int, str]]:
        return self._reader.execute(
            "SELECT seq, events FROM turn WHERE sender = ? AND seq >= "
            "(SELECT coalesce(max(seq), 0) FROM turn WHERE sender = ? AND base = 1) ORDER BY seq",
            (sender, sender),
        ).fetchall()

    def _remember(self, sender: str, live: _Live) -> _Live:
        self._live[sender] = live
        while len(self._live) > self._room:
            self._live.popitem(last=False)
        return live

    def forget(self, sender_id: str) -> None:
        """Drop the tracker in memory: after a failed turn the next one starts from what is on disk."""
        self._live.pop(sender_id, None)

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new conversation. Nothing is written before its first turn succeeded."""
        tracker = self.init_tracker(sender_id)
        if append_action_listen:
            tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        self._remember(sender_id, _Live(tracker, 0, 0))
        return tracker

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations on disk."""
        return [sender for (sender,) in self._reader.execute("SELECT DISTINCT sender FROM turn")]

    # -- writing -----------------------------------------------------------------------------------------------------

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write what is new, with the replies of the message in hand; nothing before its turn is finished.

        Raises:
            sqlite3.Error: the disk is full, the file locked or damaged; nothing was written.
        """
        turn = current.get()
        if turn is not None and not turn.finished:
            return
        sender = tracker.sender_id
        live = self._live.get(sender)
        if live is None or live.tracker is not tracker:
            live = await self._adopt(tracker)
        new = list(islice(tracker.events, live.saved, None))
        compacted = self._compacted(tracker, private=turn is not None and turn.private)
        stored = new if compacted is None else list(compacted.events)
        row = (
            sender,
            live.seq + 1,
            int(compacted is not None),
            turn.message_id if turn else None,
            json.dumps([event.as_dict() for event in stored], ensure_ascii=False),
            json.dumps(turn.replies, ensure_ascii=False) if turn else None,
            time.time(),
        )
        if self._waits_for_disk:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._write, row)
        else:
            # 50 µs in memory; a journey to a thread costs a busy event loop a hundred times that.
            self._write(row)
        live.seq += 1
        live.tracker = compacted or tracker
        live.saved = len(live.tracker.events)
        if turn is not None:
            turn.saved = True
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, sender)

    async def _adopt(self, tracker: DialogueStateTracker) -> _Live:
        """Take a tracker that did not come from this store's memory: what is on disk is its beginning."""
        sender = tracker.sender_id
        self.forget(sender)
        known = await self.retrieve(sender)
        live = self._live[sender] if known is not None else self._remember(sender, _Live(tracker, 0, 0))
        live.tracker = tracker
        return live

    def _write(self, row: tuple[Any, ...]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            self._writer.execute(
                "INSERT INTO turn (sender, seq, base, message_id, events, replies, at) VALUES (?,?,?,?,?,?,?)", row
            )
            if row[2]:
                # Replies stay for messages that are asked again; the events before are in the new base.
                self._writer.execute("UPDATE turn SET events = '[]' WHERE sender = ? AND seq < ?", row[:2])
            self._writer.execute("COMMIT")
        except BaseException:
            self._writer.execute("ROLLBACK")
            raise

    def _compacted(self, tracker: DialogueStateTracker, *, private: bool = False) -> DialogueStateTracker | None:
        """The conversation as a new session with the same slots, or None while it is short.

        Args:
            private: nothing that the citizen wrote may stay; only the bot's last message does, for its buttons.
        """
        limit = self._compact_after
        if not private and len(tracker.events) <= (limit if tracker.active_loop_name is None else 4 * limit):
            return None
        if tracker.latest_action_name != ACTION_LISTEN_NAME or tracker.is_paused():
            return None
        events: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
        events += [SlotSet(name, slot.value) for name, slot in tracker.slots.items() if slot.value is not None]
        if tracker.active_loop_name is not None:
            events += [ActionExecuted(tracker.active_loop_name), ActiveLoop(tracker.active_loop_name)]
        if private:
            events += [event for event in reversed(tracker.events) if isinstance(event, BotUttered) and event.text][:1]
        events.append(ActionExecuted(ACTION_LISTEN_NAME))
        fresh = self.init_tracker(tracker.sender_id)
        fresh.model_id, fresh.assistant_id = tracker.model_id, tracker.assistant_id
        fresh.update_with_events(events, self.domain)
        return fresh

    def close(self) -> None:
        """Finish what is being written and close the file."""
        self._worker.shutdown(wait=True)
        self._writer.close()
        self._reader.close()
