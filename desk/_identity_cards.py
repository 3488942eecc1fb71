"""Recognising a photo of an identity card, which no complaint needs and which is sensitive personal data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from knowledge.text import fold

if TYPE_CHECKING:
    from PIL.Image import Image

REFUSED = (
    "Ảnh này có vẻ là căn cước (CCCD). Tôi không nhận ảnh căn cước: xử lý phản ánh không cần đến, và ảnh này lộ ra "
    "thì kẻ xấu dùng được. Khi nào cần đối chiếu, cán bộ sẽ xem bản gốc tại quầy."
)
# What the QR code of the cards since 2021 says: the number, then name, birth and address, with strokes between them.
_CARD = re.compile(r"\d{12}\|")
_WORDS = re.compile(r"(?<![a-z])(cccd|cmnd|cmtnd|can ?cuoc|chung ?minh ?(nhan ?dan|thu)?)(?![a-z])")
# "phiếu hẹn trả căn cước" is no card.
_ABOUT = re.compile(r"(?<![a-z])(phieu|giay hen|don|to ?khai|bien nhan|hen tra|thu tuc|le phi)(?![a-z])")


def named(name: str) -> bool:
    """Whether a picture's own name says that it shows an identity card."""
    words = re.sub(r"[^a-z0-9]+", " ", fold(name))
    return bool(_WORDS.search(words)) and not _ABOUT.search(words)


def seen(image: Image) -> bool:
    """Whether the QR code of an identity card can be read in a picture."""
    import zxingcpp

    wanted = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    found = zxingcpp.read_barcodes(image.convert("L"), formats=wanted)
    return any(_CARD.match(code.text) for code in found)
