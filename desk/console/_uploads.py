"""Taking an uploaded file: streamed to disk, its size and its name not trusted."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import time
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, web

from desk.console._frame import PARTS
from desk.console._guard import CSRF_FIELD, check_token
from store.errors import Invalid, MotcuaError, NotFound

_ID = re.compile(r"[0-9a-f]{32}")
_CHUNK = 256 * 1024
_LONGEST_FIELD = 20_000
_MOST_FIELDS = 50
_KEPT_S = 24 * 3600


class TooLarge(MotcuaError):
    """A file is larger than the console takes."""

    code = "too_large"
    status = 413


@dataclass(frozen=True)
class Upload:
    """A file that was taken.

    Attributes:
        id: names it until it is used; nobody can guess it.
        path: where it lies, under its own (cleaned) name in a folder of its own.
        fields: the other fields of the form.
    """

    id: str
    path: Path
    fields: dict[str, str]

    @property
    def name(self) -> str:
        """The file's name without any folder."""
        return self.path.name


async def receive(request: web.Request) -> Upload:
    """Read a form with one file (field `file`); its first field has to be the form's token.

    Raises:
        StaleForm: the token is missing or wrong.
        TooLarge: the file is larger than the settings allow, or unpacks to more than they allow.
        Invalid: there is no file, or the form cannot be read.
    """
    settings = request.app[PARTS].settings
    home = request.app[PARTS].uploads
    upload_id = secrets.token_hex(16)
    folder = home / upload_id
    fields: dict[str, str] = {}
    path: Path | None = None
    await asyncio.to_thread(_sweep, home)
    try:
        reader = await request.multipart()
        checked = False
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise Invalid("Biểu mẫu gửi lên không đúng dạng; anh/chị tải lại trang rồi thử lại.")
            if not checked:
                check_token(request, await _text(part) if part.name == CSRF_FIELD else None)
                checked = True
            elif part.filename is not None and part.name == "file" and path is None:
                if not part.filename:
                    raise Invalid("Anh/chị chưa chọn tệp.")
                path = folder / safe_name(part.filename)
                await _save(part, path, settings.upload_mb)
            elif part.name and len(fields) < _MOST_FIELDS:
                fields[part.name] = await _text(part)
        if not checked:
            check_token(request, None)
        if path is None:
            raise Invalid("Anh/chị chưa chọn tệp.")
        if not path.stat().st_size:
            raise Invalid(f"Tệp {path.name} rỗng.")
        await asyncio.to_thread(check_unpacked, path, settings.unpacked_mb * 1024 * 1024)
    except BaseException as error:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if isinstance(error, (ValueError, AssertionError, EOFError)):
            raise Invalid("Biểu mẫu gửi lên bị hỏng giữa chừng; anh/chị thử lại.") from error
        raise
    return Upload(upload_id, path, fields)


def find(request: web.Request, upload_id: str) -> Upload:
    """A file that was taken before and not used yet.

    Raises:
        NotFound: it is not there any more.
    """
    folder = request.app[PARTS].uploads / upload_id
    if _ID.fullmatch(upload_id) and folder.is_dir():
        for path in folder.iterdir():
            return Upload(upload_id, path, {})
    raise NotFound("Tệp này không còn trên máy chủ; anh/chị tải lên lại.")


def remove(upload: Upload) -> None:
    """Take a file away that was used."""
    shutil.rmtree(upload.path.parent, ignore_errors=True)


def safe_name(given: str) -> str:
    """A file's own name: no folder, no hidden file, nothing that a shell or a file system takes amiss."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = "".join(c if c.isalnum() or c in "._- ()" else "_" for c in name).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    # A file system allows 255 bytes, and a Vietnamese letter takes up to three of them.
    return f"{stem[:60] or 'tep'}{dot}{ending[:12]}"


def check_unpacked(path: Path, most: int) -> None:
    """Make sure that a packed file (zip, with it xlsx and docx; gzip) does not unpack to more than `most` bytes.

    Raises:
        TooLarge: it does.
        Invalid: it is damaged.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head.startswith(b"\x1f\x8b"):
            _check_gzip(path, most)
        elif head.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(path) as archive:
                # zipfile reads no entry beyond the size that the directory names, so the directory can be believed.
                if sum(entry.file_size for entry in archive.infolist()) > most:
                    raise TooLarge(_too_much(most))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise Invalid(f"Tệp {path.name} bị hỏng, không mở ra được; anh/chị tải lại từ nguồn rồi thử lại.") from error


def _check_gzip(path: Path, most: int) -> None:
    total = 0
    with path.open("rb") as file:
        unpacker = zlib.decompressobj(wbits=31)
        while chunk := file.read(_CHUNK):
            while chunk:
                total += len(unpacker.decompress(chunk, _CHUNK))
                if total > most:
                    raise TooLarge(_too_much(most))
                chunk = unpacker.unconsumed_tail
                if unpacker.eof:
                    chunk, unpacker = unpacker.unused_data.lstrip(b"\0"), zlib.decompressobj(wbits=31)


def _too_much(most: int) -> str:
    return f"Tệp nén bung ra lớn hơn {most // (1024 * 1024)} MB nên không nhận."


async def _save(part: BodyPartReader, path: Path, most_mb: int) -> None:
    path.parent.mkdir(parents=True, mode=0o700)
    size = 0
    with path.open("xb") as file:
        while chunk := await part.read_chunk(_CHUNK):
            size += len(chunk)
            if size > most_mb * 1024 * 1024:
                raise TooLarge(f"Tệp lớn hơn {most_mb} MB nên không nhận. Anh/chị nén lại hoặc chia nhỏ.")
            await asyncio.to_thread(file.write, chunk)


async def _text(part: BodyPartReader) -> str:
    held = bytearray()
    while chunk := await part.read_chunk():
        held += chunk
        if len(held) > _LONGEST_FIELD:
            raise Invalid("Một ô của biểu mẫu quá dài.")
    return held.decode("utf-8", "replace").strip()


def _sweep(home: Path) -> None:
    """Take files away that nobody used within a day."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in home.iterdir():
        if _ID.fullmatch(folder.name) and folder.stat().st_mtime < time.time() - _KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)
