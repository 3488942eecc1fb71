"""Files of cases: photos and PDFs that citizens and staff add.

A file is looked into before it is kept (`desk._file_check`): its type by what it holds, photos drawn anew without what
the camera wrote into them. Files lie in a folder of the data folder under names that say nothing, never executable and
never served by the web server itself. Only the functions here change the table `case_attachments`, except that
`desk.privacy` marks files of purged cases as removed.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import _attachment_rows as rows
from desk import _file_process
from desk._attachment_rows import Attachment as Attachment
from desk._attachment_rows import adopt as adopt
from desk._file_check import EMPTY, Checked
from desk._file_limits import Limits, Refusal
from desk.kinds import Bucket
from desk.settings import AttachmentSettings
from store.engine import Database
from store.errors import MotcuaError, NotFound, Unavailable
from store.tables import case_attachments, cases, now

Author = Literal["citizen", "staff"]
_STORED = re.compile(r"[0-9a-f]{32}")
_MIB = 1024 * 1024
_LONGEST_NAME = 80
_AT_ONCE = 2
_MOST_WAITING = 16
# Endings are ours to give; what a name ends on otherwise says nothing about the file.
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")


class FileRefused(MotcuaError):
    """The file is of no kind that is taken, is damaged, or holds what it must not."""

    code = "file_refused"
    status = 415


class FileTooLarge(MotcuaError):
    """The file is larger than the settings allow."""

    code = "file_too_large"
    status = 413


class TooManyFiles(MotcuaError):
    """The case, or the conversation, has as many files as it may have."""

    code = "too_many_files"
    status = 413


@dataclass(frozen=True)
class Upload:
    """A file as it came in.

    Attributes:
        name: as the sender called it; not trusted.
        content: all of it.
    """

    name: str
    content: bytes


class Attachments:
    """The files in one folder, listed in one database.

    Args:
        folder: made when there is none; outside whatever a web server serves.
    """

    def __init__(self, database: Database, folder: Path, settings: AttachmentSettings | None = None) -> None:
        self._database = database
        self._folder = folder
        self.settings = settings or AttachmentSettings()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    @property
    def most_bytes(self) -> int:
        """Size of the largest file that is taken."""
        return self.settings.max_mb * _MIB

    def too_large(self) -> FileTooLarge:
        """The refusal of a file that is larger than that."""
        return FileTooLarge(
            f"Tệp lớn hơn {self.settings.max_mb} MB nên không nhận. Anh/chị chụp ảnh, hoặc chia nhỏ tệp giúp tôi."
        )

    async def check(self, upload: Upload, *, nameless: bool = False) -> Checked:
        """Look into a file; nothing is kept yet.

        Args:
            nameless: for a denunciation: the file's name, and what a PDF says about its makers, are taken away.

        Raises:
            FileTooLarge: it is too large.
            FileRefused: it is not taken; the sentence says why.
            Unavailable: too many files are being looked into, or the disk is nearly full.
        """
        if not upload.content:
            raise FileRefused(EMPTY)
        if len(upload.content) > self.most_bytes:
            raise self.too_large()
        if self._waiting >= _MOST_WAITING:
            raise Unavailable("Hiện nhiều người gửi tệp cùng lúc. Anh/chị thử lại sau một phút.")
        settings = self.settings
        limits = Limits(settings.megapixels, settings.side_px, settings.identity_cards, nameless)
        self._waiting += 1
        try:
            async with self._slots:
                return await _file_process.check(
                    clean_name(upload.name), upload.content, limits, seconds=settings.check_s
                )
        except Refusal as refusal:
            raise FileRefused(str(refusal)) from None
        finally:
            self._waiting -= 1

    async def attach(
        self, case_id: int, upload: Upload, *, author: Author, actor: str = "citizen", message_id: int | None = None
    ) -> Attachment:
        """Look into a file and add it to a case.

        Raises:
            MotcuaError: see `check` and `add`.
        """
        async with self._database.connect() as connection:
            bucket = await connection.scalar(select(cases.c.bucket).where(cases.c.id == case_id))
        checked = await self.check(upload, nameless=bucket == Bucket.vault and author == "citizen")
        return (await self.add(case_id, (checked,), author=author, actor=actor, message_id=message_id))[0]

    async def add(
        self,
        case_id: int,
        files: Sequence[Checked],
        *,
        author: Author,
        actor: str = "citizen",
        message_id: int | None = None,
    ) -> tuple[Attachment, ...]:
        """Add files that were looked into, all or none. One that the case has already is not added again.

        Raises:
            NotFound: there is no such case.
            TooManyFiles: citizens have added as many as they may.
            Unavailable: the disk is nearly full.
        """

        async def write(connection: AsyncConnection, new: Sequence[rows.New]) -> list[rows.Row]:
            known = await connection.execute(select(cases.c.id).where(cases.c.id == case_id).with_for_update())
            if known.one_or_none() is None:
                raise NotFound("Không có phiếu này.")
            return await self._write_rows(connection, new, case_id, author, actor, message_id=message_id)

        return await self._store(files, write)

    async def keep(self, conversation_id: str, file: Checked) -> tuple[Attachment, str | None]:
        """Keep a file that a citizen sent in a chat: for its open case, else for the one it opens next (`adopt`).

        Returns:
            The file, and the code of the case that has it now.

        Raises:
            TooManyFiles: the case has as many as it may, or as many wait already.
            Unavailable: the disk is nearly full.
        """
        code: str | None = None

        async def write(connection: AsyncConnection, new: Sequence[rows.New]) -> list[rows.Row]:
            nonlocal code
            await rows.lock(connection, conversation_id)
            case = await rows.open_case(connection, conversation_id)
            if case is not None:
                case_id, code = case
                return await self._write_rows(
                    connection, new, case_id, "citizen", "citizen", conversation_id=conversation_id
                )
            there = await rows.select_(connection, *rows.waiting(conversation_id))
            values = {"conversation_id": conversation_id, "author": "citizen"}
            done = await rows.insert_(connection, new, there, values, "citizen")
            if len({row["id"] for row in (*there, *done)}) > self.settings.per_case:
                raise TooManyFiles(
                    "Anh/chị đã gửi nhiều tệp mà chưa có phiếu nào. Anh/chị nhắn “phản ánh” để lập phiếu giúp tôi."
                )
            return done

        kept = await self._store((file,), write)
        return kept[0], code

    async def open_(self, attachment_id: int) -> tuple[Attachment, bytes]:
        """A file with its content; who may have it, the caller decides.

        Raises:
            NotFound: there is none of that number, or its content is gone.
        """
        async with self._database.connect() as connection:
            row = (
                (await connection.execute(select(case_attachments).where(case_attachments.c.id == attachment_id)))
                .mappings()
                .one_or_none()
            )
        if row is None or row["removed_at"] is not None:
            raise NotFound("Tệp này không còn.")
        try:
            content = await asyncio.to_thread(self._path(row["stored"]).read_bytes)
        except OSError:
            raise NotFound("Tệp này không còn trên máy chủ; hãy báo người quản trị.") from None
        return rows.attachment(row), content

    async def sweep(self) -> int:
        """Remove what was sent in chats and waited too long for a case, and files that no row knows; gives how many."""
        before = now() - timedelta(hours=self.settings.wait_hours)
        late = (
            case_attachments.c.case_id.is_(None),
            case_attachments.c.removed_at.is_(None),
            case_attachments.c.at < before,
        )
        async with self._database.begin() as connection:
            gone = (await connection.execute(select(case_attachments.c.stored).where(*late))).scalars().all()
            await connection.execute(update(case_attachments).where(*late).values(removed_at=now(), name="-"))
            held = set(
                (
                    await connection.execute(
                        select(case_attachments.c.stored).where(case_attachments.c.removed_at.is_(None))
                    )
                )
                .scalars()
                .all()
            )
        lost = await asyncio.to_thread(self._unknown, held)
        self.delete([*gone, *lost])
        return len(gone) + len(lost)

    def delete(self, names: Iterable[str]) -> None:
        """Delete files of the folder by the names under which they are stored; what is not there is well."""
        for name in names:
            if _STORED.fullmatch(name):
                self._path(name).unlink(missing_ok=True)

    def _unknown(self, held: set[str]) -> list[str]:
        # A file is written before its row: only an old one without a row was left behind by a crash.
        old = now().timestamp() - 3600
        found = (path for path in self._folder.glob("*/*") if path.name not in held)
        return [path.name for path in found if _STORED.fullmatch(path.name) and path.stat().st_mtime < old]

    def _path(self, stored: str) -> Path:
        return self._folder / stored[:2] / stored

    async def _write_rows(
        self,
        connection: AsyncConnection,
        new: Sequence[rows.New],
        case_id: int,
        author: Author,
        actor: str,
        **more: Any,
    ) -> list[rows.Row]:
        there = await rows.select_(connection, case_attachments.c.case_id == case_id)
        values = {"case_id": case_id, "author": author, **more}
        done = await rows.insert_(connection, new, there, values, actor)
        if (
            author == "citizen"
            and len({row["id"] for row in (*there, *done) if row["author"] == author}) > self.settings.per_case
        ):
            raise TooManyFiles(
                f"Mỗi phiếu nhận tối đa {self.settings.per_case} tệp. Cần thêm, anh/chị mang giấy tờ đến quầy giúp tôi."
            )
        return done

    async def _store(
        self,
        files: Sequence[Checked],
        write: Callable[[AsyncConnection, Sequence[rows.New]], Awaitable[list[rows.Row]]],
    ) -> tuple[Attachment, ...]:
        """Write the contents under new names, then the rows; what no row names in the end is taken away again."""
        new = [rows.New(file, hashlib.sha256(file.content).hexdigest(), uuid4().hex) for file in files]
        used: set[str] = set()
        try:
            for one in new:
                await asyncio.to_thread(self._write, self._path(one.stored), one.file.content)
            async with self._database.begin() as connection:
                written = await write(connection, new)
            used = {row["stored"] for row in written}
        finally:
            self.delete(one.stored for one in new if one.stored not in used)
        return tuple(rows.attachment(row) for row in written)

    def _write(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self._folder).free < self.settings.keep_free_mb * _MIB + len(content):
            raise Unavailable("Máy chủ tạm thời không nhận thêm tệp. Anh/chị gửi nội dung trước, tệp gửi sau giúp tôi.")
        path.parent.mkdir(exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


async def of_case(database: Database, case_id: int) -> tuple[Attachment, ...]:
    """The files of a case, oldest first, those whose content is gone as well."""
    async with database.connect() as connection:
        held = await rows.select_(connection, case_attachments.c.case_id == case_id, removed=True)
    return tuple(rows.attachment(row) for row in held)


async def find(database: Database, attachment_id: int) -> Attachment | None:
    """What is known of a file, without its content."""
    async with database.connect() as connection:
        held = await rows.select_(connection, case_attachments.c.id == attachment_id, removed=True)
    return rows.attachment(held[0]) if held else None


def clean_name(given: str) -> str:
    """A file's own name: no folder, no ending, nothing that a program takes amiss; at most 80 characters."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = _ENDING.sub("", name.strip())
    name = "".join(c if c.isalnum() or c in "_- ()" else "_" for c in name)
    return re.sub(r"_{2,}", "_", name).strip(" _-")[:_LONGEST_NAME].strip() or "tep"
