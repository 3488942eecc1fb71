"""Repairs of text as public portals export it."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
# Only tags that pages use: "< 50 m3" and "<tên cơ quan>" are text.
_TAG = re.compile(
    r"</?(?:p|br|div|span|b|i|u|strong|em|ul|ol|li|table|thead|tbody|tr|td|th|a|font|h[1-6])\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
_BREAKING = re.compile(r"</?(?:p|br|div|li|tr|h[1-6])\b", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_NOTHING = re.compile(r"^(?:(?:không|chưa) có thông tin|n/?a|null|none|[-–.\s]*)$", re.IGNORECASE)
# A single plain space, by far the most frequent, is no match: nothing is to be done about it.
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]{2,}|[\t\u00a0\u2000-\u200a\u3000]")
# A form's file name that the page prints right behind the name of the paper.
_ATTACHED = re.compile(
    r"(?:(?<=[.;,)\s])|(?<=[a-zà-ỹ0-9])(?=(?:M[ẫa]u|Đơn|Phiếu|Tờ khai|Báo cáo|mau)\b))"
    r"[^.;,()]{0,120}(?:\(\d+\))?\s*\.(?:docx?|pdf|xlsx?)$",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\.(?:docx?|pdf|xlsx?)$", re.IGNORECASE)
_ACRONYM = re.compile(
    r"^(?:TNHH|UBND|HĐND|BHXH|BHYT|BHTN|BNNPTNT|CITES|ODA|PPP|VPĐD|HTX|ATTP|GMP|GSP|GDP|GLP|LPG|CNG|LNG|"
    r"ASEAN|EU|WTO|VAT|FDI|IOC|GCN|ĐKKD|TTHC|[IVX]+)$"
)


def tidy(text: str) -> str:
    """NFC, no HTML, no invisible characters, `ƣ` as the letter it stands for, single spaces; line breaks stay."""
    text = _plain(text)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INVISIBLE.sub("", text).replace("ƣ", "ư").replace("Ƣ", "Ư")
    text = _SPACES.sub(" ", text)
    return "\n".join(line.strip() for line in text.split("\n")).strip() if "\n" in text else text.strip()


def has_html(text: str) -> bool:
    """Whether a page's tags or entities are left in a text."""
    return ("<" in text and _TAG.search(text) is not None) or ("&" in text and _ENTITY.search(text) is not None)


def _plain(text: str) -> str:
    if not has_html(text):
        return text
    text = html.unescape(text)
    return _TAG.sub(lambda tag: "\n" if _BREAKING.match(tag[0]) else "", text)


def texts(value: object, depth: int = 8) -> Iterator[str]:
    """All texts inside a value read from JSON, however deep they lie (at most `depth` levels)."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner, depth - 1)


def one_line(text: str) -> str:
    """`tidy` on one line, without the full stops and commas that dangle at its end."""
    return " ".join(tidy(text).split()).strip(" .,;")


def said(value: object) -> str:
    """A text of the source tidied; empty where it only says that there is nothing."""
    text = tidy(value) if isinstance(value, str) else ""
    return "" if _NOTHING.match(text) else text


def lines(text: str) -> tuple[str, ...]:
    """The lines of a text that say something."""
    return tuple(line for line in (part.strip(" -+*•\t") for part in tidy(text).split("\n")) if len(line) > 1)


def is_shouted(text: str) -> bool:
    """Whether a name is written in capitals only."""
    return text.isupper() and sum(c.isalpha() for c in text) > 8


def quiet(text: str) -> str:
    """A name in capitals as it is written in a sentence; known abbreviations keep their capitals."""
    words = [word if _ACRONYM.match(word.strip("(),./;:")) else word.lower() for word in text.split(" ")]
    out = " ".join(words)
    return out[:1].upper() + out[1:]


def without_attachment(name: str) -> str:
    """The name of a paper without the file name of its form that a table cell glued to it."""
    if not _TAIL.search(name):
        return name
    cut = _ATTACHED.sub("", name).strip(" .;,-")
    return cut if len(cut) >= 8 else _TAIL.sub("", name)
