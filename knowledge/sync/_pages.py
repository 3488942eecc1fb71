"""What a portal has answered, kept in `sync_pages`: so that an interrupted fetch goes on where it stopped, and what has
not changed is not sent again. Nothing else writes that table.

Each answer is a row; the row `run` says who fetches, since when, and how the last fetch ended.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psutil
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.settings import SyncSource
from knowledge.sync._portal import Answer, Known
from store.engine import Database
from store.errors import Conflict
from store.tables import now, sync_pages

_RUN = "run"
# What makes the answers of a source those of another portal when it is changed.
_ASKED = {"url", "method", "list_path", "detail_path", "paging", "query"}
_KEPT = ("sha256", "staged_sha256", "version")
# A fetch that stopped is taken up again within this time; after it everything is asked for anew.
RESUMED_WITHIN = timedelta(hours=24)
# A fetch on another machine that has shown no sign of life for longer than this is over. Waits are shorter.
_SILENT = timedelta(minutes=15)
_BEAT = timedelta(seconds=30)


@dataclass(frozen=True)
class Run:
    """How the last fetch stands.

    Attributes:
        state: `running`, `stopped` (to be taken up again) or `done`.
        started_at: when it began.
        sha256: checksum of what the last complete fetch brought.
        staged_sha256: checksum of what a version was staged from last, and
        version: that version.
    """

    state: str
    started_at: datetime
    sha256: str | None = None
    staged_sha256: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Row:
    """What is known of one kept answer, without the answer itself."""

    known: Known
    at: datetime
    sha256: str


class Pages:
    """The kept answers of one source."""

    def __init__(self, db: Database, source: SyncSource) -> None:
        self._db = db
        self._source = source.name
        asked = source.model_dump(mode="json", include=_ASKED)
        self._asked = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
        self._rows: dict[str, Row] = {}
        self._beat: datetime = now()

    async def begin(self) -> Run:
        """Begin a fetch, or take the last one up again.

        Raises:
            Conflict: it is being fetched already, by this process or another one.
        """
        active = (self._db.url, self._source)
        if active in _ACTIVE:
            raise Conflict(f"{self._source} is being fetched already.")
        moment = now()
        async with self._db.begin() as connection:
            before = await self._run(connection)
            if before is not None and before[0]["state"] == "running" and _alive(before[0]["holder"], before[1]):
                raise Conflict(f"{self._source} is being fetched already by {before[0]['holder']['host']}.")
            held = before[0] if before is not None else {}
            if held.get("asked") != self._asked:
                # Another address or other paths: what was answered there says nothing here.
                await connection.execute(delete(sync_pages).where(sync_pages.c.source == self._source))
                held = {}
            started = moment
            if held.get("state") in {"running", "stopped"}:
                began = datetime.fromisoformat(held["started_at"])
                if moment - began < RESUMED_WITHIN:
                    started = began
            kept = {name: held.get(name) for name in _KEPT}
            await self._write_run(
                connection,
                {
                    "state": "running",
                    "started_at": started.isoformat(),
                    "holder": _holder(),
                    "asked": self._asked,
                    **kept,
                },
            )
            columns = [c for c in sync_pages.c if c.name != "body"]
            query = select(*columns).where(sync_pages.c.source == self._source, sync_pages.c.key != _RUN)
            for row in (await connection.execute(query)).mappings():
                self._rows[row["key"]] = Row(Known(row["etag"], row["last_modified"]), row["at"], row["sha256"])
        self._beat = moment
        _ACTIVE.add(active)
        return Run("running", started, **kept)

    async def leave(self) -> None:
        """The fetch ends early and can be taken up again."""
        _ACTIVE.discard((self._db.url, self._source))
        await self._change_run(state="stopped")

    async def finish(self, sha256: str, keys: Collection[str]) -> None:
        """The fetch is complete; forget the answers of what the portal does not list any more."""
        _ACTIVE.discard((self._db.url, self._source))
        gone = sorted(set(self._rows) - set(keys))
        async with self._db.begin() as connection:
            for start in range(0, len(gone), 500):
                some = sync_pages.c.key.in_(gone[start : start + 500])
                await connection.execute(delete(sync_pages).where(sync_pages.c.source == self._source, some))
        await self._change_run(state="done", sha256=sha256, finished_at=now().isoformat())

    async def staged(self, sha256: str, version: str) -> None:
        """Remember which version was made from what was fetched."""
        await self._change_run(staged_sha256=sha256, version=version)

    async def last(self) -> Run | None:
        """How the last fetch stands; None when there was none."""
        async with self._db.connect() as connection:
            found = await self._run(connection)
        if found is None:
            return None
        body = found[0]
        kept = {name: body.get(name) for name in _KEPT}
        return Run(body["state"], datetime.fromisoformat(body["started_at"]), **kept)

    def row(self, key: str) -> Row | None:
        """What is known of an answer."""
        return self._rows.get(key)

    async def keep(self, key: str, answer: Answer) -> None:
        """Keep an answer; one that says "not changed" keeps the former one and notes that it was asked."""
        moment = now()
        known = Known(answer.etag, answer.last_modified)
        where = (sync_pages.c.source == self._source, sync_pages.c.key == key)
        values: dict[str, Any] = {"etag": known.etag, "last_modified": known.last_modified, "at": moment}
        if answer.body is not None:
            text = json.dumps(answer.body, sort_keys=True).encode()
            values["sha256"] = hashlib.sha256(text).hexdigest()
            # Packed: the details of the whole country are 140 MB.
            values["body"] = {"deflated": base64.b64encode(zlib.compress(text)).decode()}
        async with self._db.begin() as connection:
            changed = (await connection.execute(update(sync_pages).where(*where).values(**values))).rowcount
            if not changed and answer.body is not None:
                await connection.execute(insert(sync_pages).values(source=self._source, key=key, **values))
            if moment - self._beat > _BEAT:
                self._beat = moment
                run = update(sync_pages).where(sync_pages.c.source == self._source, sync_pages.c.key == _RUN)
                await connection.execute(run.values(at=moment))
        before = self._rows.get(key)
        self._rows[key] = Row(known, moment, values.get("sha256") or (before.sha256 if before else ""))

    async def bodies(self, keys: Collection[str]) -> dict[str, Any]:
        """Kept answers by key; at most some hundred keys at a time."""
        query = select(sync_pages.c.key, sync_pages.c.body).where(
            sync_pages.c.source == self._source, sync_pages.c.key.in_(list(keys))
        )
        async with self._db.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return {row["key"]: json.loads(zlib.decompress(base64.b64decode(row["body"]["deflated"]))) for row in rows}

    async def _run(self, connection: AsyncConnection) -> tuple[dict[str, Any], datetime] | None:
        query = select(sync_pages.c.body, sync_pages.c.at).where(
            sync_pages.c.source == self._source, sync_pages.c.key == _RUN
        )
        row = (await connection.execute(query)).mappings().first()
        return None if row is None else (dict(row["body"]), row["at"])

    async def _write_run(self, connection: AsyncConnection, body: Mapping[str, Any]) -> None:
        where = (sync_pages.c.source == self._source, sync_pages.c.key == _RUN)
        values = {"body": dict(body), "at": now(), "sha256": body.get("sha256") or ""}
        changed = (await connection.execute(update(sync_pages).where(*where).values(**values))).rowcount
        if not changed:
            await connection.execute(insert(sync_pages).values(source=self._source, key=_RUN, **values))

    async def _change_run(self, **changes: str) -> None:
        async with self._db.begin() as connection:
            found = await self._run(connection)
            if found is not None:
                await self._write_run(connection, {**found[0], **changes})


# Fetches under way in this process.
_ACTIVE: set[tuple[str, str]] = set()


def _holder() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": psutil.Process().create_time()}


def _alive(holder: Mapping[str, Any], beat: datetime) -> bool:
    if holder["host"] != socket.gethostname():
        return now() - beat < _SILENT
    if holder["pid"] == os.getpid():
        # This process knows its own fetches; the row is of one before it that had the same number.
        return False
    try:
        return abs(psutil.Process(holder["pid"]).create_time() - float(holder["born"])) < 1
    except psutil.Error:
        return False
