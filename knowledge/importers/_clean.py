"""Repairs of text as public portals export it."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]+")
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
    """NFC, no invisible characters, `ƣ` as the letter it stands for, single spaces; line breaks stay."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INVISIBLE.sub("", text).replace("ƣ", "ư").replace("Ƣ", "Ư")
    return "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n")).strip()


def one_line(text: str) -> str:
    """`tidy` on one line, without the full stops and commas that dangle at its end."""
    return re.sub(r"\s+", " ", tidy(text)).strip(" .,;")


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
