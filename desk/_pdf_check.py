"""PDF files that somebody sent: taken when they are nothing but pages."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from desk import _identity_cards as cards
from desk._file_limits import Limits, Refusal

BROKEN = "Tệp PDF bị hỏng hoặc tải lên chưa đủ nên không mở được. Anh/chị tải lại, hoặc chụp ảnh từng trang giúp tôi."
LOCKED = "Tệp PDF có mật khẩu nên cán bộ không mở được. Anh/chị bỏ mật khẩu, hoặc chụp ảnh từng trang giúp tôi."
ACTIVE = "Tệp PDF có mã lệnh hoặc tệp khác ẩn bên trong nên tôi không nhận. Anh/chị chụp ảnh từng trang giúp tôi."
_END = b"%%EOF"
# Long enough never to turn up by chance in packed data.
_ACTIVE_RAW = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData)(?![A-Za-z])")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent", "/RichMedia"})
_ACTIVE_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/Rendition", "/RichMediaExecute", "/Movie"}
)
_MOST_OBJECTS = 200_000
_PAGES_LOOKED_AT = 3
_PICTURES_LOOKED_AT = 4


def check(content: bytes, limits: Limits) -> bytes:
    """The PDF as it is kept: as it came, or without what it says about its makers where `limits.nameless` asks for it.

    Raises:
        Refusal: it cannot be read, wants a password, holds anything that acts, or shows an identity card.
    """
    tail = content.rstrip(b"\r\n\t \0")
    # A second file behind the end, or an archive around it: what one program reads as PDF another runs.
    if not tail.endswith(_END) or zipfile.is_zipfile(io.BytesIO(content)):
        raise Refusal(BROKEN)
    plain = _ESCAPE.sub(lambda found: bytes([int(found.group(1), 16)]), content)
    if _ACTIVE_RAW.search(content) or _ACTIVE_RAW.search(plain):
        raise Refusal(ACTIVE)
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise Refusal(LOCKED)
        if any(_acts(found) for found in _dictionaries(reader)):
            raise Refusal(ACTIVE)
        if not len(reader.pages):
            raise Refusal(BROKEN)
        if not limits.identity_cards and _shows_card(reader, limits):
            raise Refusal(cards.REFUSED)
        return _nameless(reader) if limits.nameless else content
    except Refusal:
        raise
    except Exception:
        # The reader raises whatever it stumbles over in a broken or hostile file.
        raise Refusal(BROKEN) from None


def _dictionaries(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every dictionary of the file, those that no page leads to as well."""
    numbers = {(number, generation) for generation, held in reader.xref.items() for number in held}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > _MOST_OBJECTS:
        raise Refusal(BROKEN)
    todo: list[Any] = [reader.trailer]
    todo += [IndirectObject(number, generation, reader) for number, generation in sorted(numbers)]
    left = _MOST_OBJECTS * 10
    while todo:
        left -= 1
        if left < 0:
            raise Refusal(BROKEN)
        held = todo.pop()
        if isinstance(held, IndirectObject):
            # Each object of the file is in the list already, so references inside others are not followed.
            held = held.get_object()
        if isinstance(held, DictionaryObject):
            yield held
            todo += [value for value in held.values() if not isinstance(value, IndirectObject)]
        elif isinstance(held, ArrayObject):
            todo += [value for value in held if not isinstance(value, IndirectObject)]


def _acts(held: DictionaryObject) -> bool:
    return bool(_ACTIVE_KEYS & held.keys()) or str(held.raw_get("/S") if "/S" in held else "") in _ACTIVE_ACTIONS


def _shows_card(reader: PdfReader, limits: Limits) -> bool:
    for page in reader.pages[:_PAGES_LOOKED_AT]:
        for key in list(page.images.keys())[:_PICTURES_LOOKED_AT]:
            try:
                picture = page.images[key].image
            except Exception:  # noqa: S112 - a picture that cannot be unpacked hides no readable card
                continue
            if picture and picture.width * picture.height <= limits.megapixels * 1_000_000 and cards.seen(picture):
                return True
    return False


def _nameless(reader: PdfReader) -> bytes:
    writer = PdfWriter(clone_from=reader)
    writer.metadata = None
    writer.xmp_metadata = None
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
