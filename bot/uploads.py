"""Forms that may carry files, read piece by piece: whoever sends too much is stopped, not stored."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.http import Refused
from desk.attachments import Attachments, Upload
from store.errors import MotcuaError

T = TypeVar("T")
_Take = Callable[[int], None]
_CHUNK = 64 * 1024
_LONGEST_FIELDS = 128 * 1024
_MOST_FIELDS = 40
_STALL_S = 30.0
_TOTAL_S = 900.0
_MIB = 1024 * 1024
_BUSY = "Hiện nhiều người gửi cùng lúc. Anh/chị thử lại sau một phút."


class Room:
    """Memory for forms while they are read.

    Counted are the bytes that have come, not the forms: whoever sends slowly takes nothing from others.

    Args:
        total: bytes of all together.
        share: bytes of one network address, so that no single one keeps the others out.
    """

    def __init__(self, total: int, share: int) -> None:
        self._total = total
        self._share = share
        self._held: Counter[str] = Counter()

    @contextmanager
    def of(self, whose: str) -> Iterator[Callable[[int], None]]:
        """A place for one form of an address: called with the bytes that have come; all are free at the end.

        Raises:
            Refused: by the call, when there is no room for them.
        """
        mine = 0

        def take(size: int) -> None:
            nonlocal mine
            if self._held.total() + size > self._total or self._held[whose] + size > self._share:
                raise Refused(503, "busy", _BUSY, retry_after_s=60)
            self._held[whose] += size
            mine += size

        try:
            yield take
        finally:
            self._held[whose] -= mine
            if not self._held[whose]:
                del self._held[whose]


_room = Room(192 * _MIB, 64 * _MIB)


@dataclass(frozen=True)
class Form:
    """A form that was sent.

    Attributes:
        fields: its texts, line breaks as they are kept.
        files: what was chosen; a file field left empty gives none.
    """

    fields: dict[str, str] = field(default_factory=dict)
    files: list[Upload] = field(default_factory=list)

    def text(self, name: str, longest: int = 0) -> str:
        """A text without blank ends; empty when it is missing, or longer than `longest` where that is given."""
        value = self.fields.get(name, "").strip()
        return "" if longest and len(value) > longest else value


class FormRefused(Refused):
    """A form that is not taken.

    Args:
        error: why.
        form: what had been read of it: nothing of it needs to be written again.
    """

    def __init__(self, error: MotcuaError, form: Form) -> None:
        wait = error.retry_after_s if isinstance(error, Refused) else None
        super().__init__(error.status, error.code, error.message, retry_after_s=wait)
        self.form = form


async def read(request: web.Request, files: Attachments | None = None, *, whose: str, most_files: int = 0) -> Form:
    """Read a form.

    Args:
        files: what says how large a file may be; None takes no files.
        whose: the network address that it comes from.
        most_files: how many files it may bring.

    Raises:
        FormRefused: it is no form, too large, too slow, or broken, or there is no room for it now.
    """
    form = Form()
    try:
        with _room.of(whose) as take:
            await _read(request, form, files, most_files, take)
    except MotcuaError as error:
        raise FormRefused(error, form) from None
    return form


async def _read(request: web.Request, form: Form, files: Attachments | None, most_files: int, take: _Take) -> None:
    kind = request.content_type
    if kind not in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        raise Refused(415, "not_a_form", "Trang này chỉ nhận biểu mẫu. Anh/chị quay lại trang trước rồi gửi lại.")
    try:
        async with asyncio.timeout(_TOTAL_S):
            if kind == "multipart/form-data":
                await _multipart(request, form, files, most_files, take)
            else:
                await _plain(request, form, take)
    except TimeoutError:
        raise Refused(408, "too_slow", "Đường truyền quá chậm nên chưa nhận đủ. Anh/chị thử lại giúp tôi.") from None
    except (ValueError, AssertionError, EOFError, LookupError, HttpProcessingError):
        raise _broken() from None


async def _plain(request: web.Request, form: Form, take: _Take) -> None:
    body = bytearray()
    while chunk := await _piece(request.content.read(_CHUNK)):
        take(len(chunk))
        body += chunk
        if len(body) > _LONGEST_FIELDS:
            raise _too_long()
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    form.fields.update((name, _lines(value)) for name, value in pairs)


async def _multipart(request: web.Request, form: Form, files: Attachments | None, most_files: int, take: _Take) -> None:
    # Three files of the largest size: photos of a phone are far below it.
    left = 3 * files.most_bytes if files is not None else 0
    room = _LONGEST_FIELDS
    reader = await request.multipart()
    while (part := await _piece(reader.next())) is not None:
        if not isinstance(part, BodyPartReader) or not part.name or len(form.fields) >= _MOST_FIELDS:
            raise _broken()
        if part.filename is None:
            content = await _content(part, room, take)
            if content is None:
                raise _too_long()
            room -= len(content)
            form.fields[part.name] = _lines(content.decode("utf-8", "replace"))
            continue
        content = await _content(part, min(left, files.most_bytes) if files is not None else 0, take)
        if content is None:
            if files is None:
                raise _broken()
            raise files.too_large()
        left -= len(content)
        # A file field that was left empty comes without a name.
        if part.filename or content:
            form.files.append(Upload(part.filename, content))
        if len(form.files) > most_files:
            raise Refused(413, "too_many_files", f"Mỗi lần gửi tối đa {most_files} tệp. Anh/chị chia làm nhiều lần.")


async def _content(part: BodyPartReader, most: int, take: _Take) -> bytes | None:
    """All of a part, None when it is longer than that."""
    held = bytearray()
    while chunk := await _piece(part.read_chunk(_CHUNK)):
        take(len(chunk))
        held += chunk
        if len(held) > most:
            return None
    return bytes(held)


async def _piece(coming: Awaitable[T]) -> T:
    async with asyncio.timeout(_STALL_S):
        return await coming


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _broken() -> Refused:
    return Refused(
        400, "broken_form", "Biểu mẫu gửi lên bị hỏng giữa chừng. Anh/chị tải lại trang rồi gửi lại giúp tôi."
    )


def _too_long() -> Refused:
    return Refused(413, "too_long", "Nội dung dài quá nên không nhận được. Anh/chị viết ngắn lại giúp tôi.")
