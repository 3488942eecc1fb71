"""Vietnamese text as citizens type it: cleaned, folded, spelled out, and searched for codes, choices and secrets.

Pure standard library, Python 3.10 and later (the dialogue manager imports it too). Every function takes any ``str``,
never raises and runs in linear time.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from knowledge._syllables import is_syllable, telex, traditional, vni
from knowledge._teencode import CONTEXTS, NOT_TELEX, NUMBERED, OFFICE, PAIRS, SLANG

__all__ = ["choice", "codes", "fold", "is_syllable", "mask", "nfc", "normalise", "strip_command", "tokens"]

# Spelling out is for what people type; a document longer than this is cleaned only.
_REPAIR_LIMIT: Final = 20_000
_CHUNK_LIMIT: Final = 64

# Letters of other alphabets that keyboards and old fonts leave behind.
_LOOKALIKES: Final = {"ƣ": "ư", "Ƣ": "Ư", "Ð": "Đ", "ð": "đ", "Ɖ": "Đ", "ɖ": "đ", "\u00a0": " ", "\u00ad": ""}
_LOOKALIKE: Final = re.compile("[" + "".join(_LOOKALIKES) + "]")
_STYLED: Final = re.compile("[\uff01-\uff5e\ufb00-\ufb06\U0001d400-\U0001d7ff]+")
# Controls (white space apart), zero-width and bidi marks, variation selectors, tags, the keycap, lone surrogates.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff0-\uffff\u20e3\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_MARKS: Final = re.compile("[\u0300-\u036f]+")
_BEFORE_PUNCTUATION: Final = re.compile(r" +([,;!?])")
_PIECE: Final = re.compile(r"[^\W_]+")
_PROTECTED: Final = re.compile(r"@|://|^www\.|\d[/-].*[A-Za-zĐđ]|\.(?:vn|com|net|org|gov|edu)(?:$|\W)", re.IGNORECASE)
_NOTATION: Final = re.compile(r"[A-ZĐ0-9]+-[A-ZĐ0-9&-]+")
_GLUED: Final = re.compile(r"(?<=[^\W\d_])([,;:!?)])(?=[^\W_])|(?<=[^\W\d_]{2})(\.)(?=[^\W\d_]{2})")
_ABBREVIATED: Final = re.compile(r"^(tp|tx|tt)\.(?=[^\W\d_])", re.IGNORECASE)
_LONG: Final = re.compile(r"([^\W\d_])\1{2,}")
_DOUBLE_END: Final = re.compile(r"([^\W\d_])\1+$")
_TOKEN: Final = re.compile("[a-z0-9]+")


def nfc(s: str) -> str:
    """The text in Unicode's composed form (NFC)."""
    return s if s.isascii() else unicodedata.normalize("NFC", _bounded(s))


def _bounded(s: str) -> str:
    # Sorting combining marks takes quadratic time in the length of a run; no script needs runs of thirty.
    return s if len(s) < 1_000 else _long_marks().sub(r"\1", s)


@lru_cache(maxsize=1)
def _long_marks() -> re.Pattern[str]:
    marks = "".join(char for char in map(chr, range(0x300, 0x20000)) if unicodedata.combining(char))
    return re.compile(f"([{marks}]{{30}})[{marks}]+")


def fold(s: str) -> str:
    """NFC, lower case, no diacritics, đ as d: what a phone without a Vietnamese keyboard would have typed."""
    if s.isascii():
        return s.lower()
    s = _LOOKALIKE.sub(_lookalike, nfc(s)).lower()
    s = _MARKS.sub("", unicodedata.normalize("NFD", _bounded(s)))
    return unicodedata.normalize("NFC", s).replace("đ", "d")


def _lookalike(found: re.Match[str]) -> str:
    return _LOOKALIKES[found.group()]


def normalise(s: str) -> str:
    """One clean line: NFC, nothing invisible, single spaces, shorthand spelled out, Telex and VNI keys decoded.

    Letters keep their case and marks; ``normalise(normalise(s)) == normalise(s)``. May be empty.
    """
    s = _clean(s)
    if len(s) > _REPAIR_LIMIT:
        return s
    for _ in range(6):
        repaired = _repair(s)
        if repaired == s:
            break
        s = repaired
    return s


def _clean(s: str) -> str:
    if not s.isascii():
        s = _LOOKALIKE.sub(_lookalike, _STYLED.sub(_unstyled, s))
    s = nfc(_INVISIBLE.sub("", s))
    return _BEFORE_PUNCTUATION.sub(r"\1", " ".join(s.split()))


def _unstyled(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", found.group())


def _repair(s: str) -> str:
    chunks = s.split(" ")
    if all(len(chunk) > _CHUNK_LIMIT or _is_settled(chunk) for chunk in chunks):
        return s
    shouting = s.isupper() and len(s) > 12
    pieces: list[str] = []  # words at odd places, what stands between them at even ones
    gap = ""
    for chunk in chunks:
        if _is_protected(chunk):
            gap += chunk + " "
            continue
        start = 0
        spaced = _GLUED.sub(r"\1\2 ", _ABBREVIATED.sub(r"\1 ", chunk))
        for found in _PIECE.finditer(spaced):
            pieces += (gap + spaced[start : found.start()], found.group())
            gap, start = "", found.end()
        gap += spaced[start:] + " "
    pieces.append(gap[:-1])
    _spell_out(pieces, shouting)
    return " ".join("".join(pieces).split())


@lru_cache(maxsize=16_384)
def _is_settled(chunk: str) -> bool:
    """Whether nothing in this run of characters is ever changed, whatever stands beside it."""
    if _is_protected(chunk):
        return True
    words: list[str] = _PIECE.findall(chunk)
    return not _GLUED.search(chunk) and not _ABBREVIATED.match(chunk) and all(_kind(word) == "" for word in words)


def _is_protected(chunk: str) -> bool:
    return len(chunk) > _CHUNK_LIMIT or _PROTECTED.search(chunk) is not None or _NOTATION.fullmatch(chunk) is not None


@lru_cache(maxsize=16_384)
def _kind(word: str) -> str:
    """What can be done with a word: "" nothing, "say" shorthand, "keys" Telex, "digits" VNI, "fix" its spelling."""
    low = word.lower()
    if low in CONTEXTS or low in SLANG or low in OFFICE:
        return "say"
    if len(low) < 2 or low.isdigit() or len(low) > 24:
        return ""
    if is_syllable(low):
        return "fix" if traditional(low) != low else ""
    if low.isascii():
        if low.isalpha():
            upper = word.isupper() and len(word) < 5
            if low not in NOT_TELEX and not upper and word[1:] in (low[1:], low[1:].upper()) and telex(low):
                return "keys"
        elif not word.isupper() and vni(low) and not (low[:-1].isalpha() and low[:-1] in NUMBERED):
            return "digits"
    return "fix" if _shortened(low) != low else ""


@lru_cache(maxsize=4_096)
def _shortened(low: str) -> str:
    """The word without letters held down too long (đượcccc), where that gives a syllable or shorthand."""
    if _LONG.search(low):
        for once in (_LONG.sub(r"\1", low), _LONG.sub(r"\1\1", low)):
            # "kkk" is a laugh, not "k" held down; "iii" is a number.
            if (is_syllable(once) and len(once) > 1) or (len(once) > 2 and (once in SLANG or once in OFFICE)):
                return once
    elif not low.isascii() or len(low) > 4:
        once = _DOUBLE_END.sub(r"\1", low)
        if once != low and is_syllable(once) and low not in NOT_TELEX:
            return once
    return low


def _spell_out(pieces: list[str], shouting: bool) -> None:
    places = range(1, len(pieces), 2)
    kinds = [_kind(pieces[i]) for i in places]
    digits = [pieces[i] for i, kind in zip(places, kinds, strict=True) if kind == "digits"]
    typed_vni = len(digits) > 1 or any(sum(c.isdigit() for c in d) > 1 or not d[-1].isdigit() for d in digits)
    decoded: set[int] = set()
    for i, kind in zip(places, kinds, strict=True):
        if not kind:
            continue
        word, low = pieces[i], pieces[i].lower()
        said: str | None = None
        if kind == "say":
            said = _spelled(pieces, i, low, shouting)
            pieces[i] = said if said is not None else word
            continue
        if kind == "keys":
            said = telex(low)
            decoded.add(i)
        elif kind == "digits" and typed_vni:
            said = vni(low)
            decoded.add(i)
        elif kind == "fix":
            said = _shortened(low)
            said = traditional(said) if is_syllable(said) else said
        if said is not None:
            pieces[i] = _as_written(word, said)
    for i in decoded:
        for left in (i - 2, i):
            if left > 0 and left + 2 < len(pieces):
                _mark_pair(pieces, left)


def _as_written(word: str, said: str) -> str:
    if word.isupper() and len(word) > 1:
        return said.upper()
    return said[:1].upper() + said[1:] if word[:1].isupper() else said


@lru_cache(maxsize=1)
def _pairs() -> dict[str, str]:
    return {fold(pair): pair for pair in PAIRS} | {"dang ki": "đăng ký"}


def _mark_pair(pieces: list[str], left: int) -> None:
    first, second = pieces[left], pieces[left + 2]
    known = _pairs().get(f"{fold(first)} {fold(second)}") if pieces[left + 1] == " " else None
    if known:
        one, two = known.split(" ")
        pieces[left], pieces[left + 2] = _as_written(first, one), _as_written(second, two)


def _spelled(pieces: list[str], i: int, low: str, shouting: bool) -> str | None:
    word = pieces[i]
    if low in OFFICE:
        return OFFICE[low]
    # "KH" in the middle of a sentence is a name; "K" at its start is a phone's automatic capital.
    if word != low and not shouting and not (word.istitle() and (i == 1 or len(word) > 1)):
        return None
    context = CONTEXTS.get(low)
    if context is None:
        return SLANG[low]
    before = _neighbour(pieces[i - 2]) if i > 2 else ""
    after = _neighbour(pieces[i + 2]) if i + 2 < len(pieces) else ""
    if before.isdigit() and "#" in context.after:
        return None
    said = context.after.get(before) or context.before.get(after) or context.otherwise
    return None if said == low else said


@lru_cache(maxsize=4_096)
def _neighbour(piece: str) -> str:
    return fold(piece).rsplit(" ", 1)[-1]


def tokens(s: str) -> list[str]:
    """The folded syllables and numbers of ``normalise(s)``, each of a-z and 0-9 only."""
    found: list[str] = _TOKEN.findall(fold(normalise(s)))
    return found


_CODE: Final = re.compile(r"(?<![\w.])([1-9])[ ]?\.[ ]?(\d{6})(?!\d)", re.ASCII)


def codes(s: str) -> list[str]:
    """Procedure codes such as ``1.001193`` in the order of their first mention, each once."""
    return list(dict.fromkeys(f"{a}.{b}" for a, b in _CODE.findall(_clean(s))))


_NUMBERS: Final = {
    word: value
    for value, words in enumerate(
        (
            "một mot",
            "hai",
            "ba",
            "bốn bon tư tu",
            "năm nam lăm",
            "sáu sau",
            "bảy bay bẩy",
            "tám tam",
            "chín chin",
            "mười muoi",
        ),
        start=1,
    )
    for word in words.split()
} | {"nhất": 1, "nhat": 1, "nhì": 2, "nhi": 2, "đầu": 1, "dau": 1}
_ORDINAL_ONLY: Final = frozenset({"nhat", "nhi", "dau"})
_LEAD: Final = frozenset(
    re.findall(
        r"\w+",
        """da vang u uh ok oke a thi la cho em e toi anh chi minh tui con lay muon chon bam nhan lua tra loi xin hoi
        biet xem cai cau so muc dong phuong an thu tuc nut y loai truong hop hang voi theo ve""",
    )
)
_TAIL: Final = frozenset(
    re.findall(r"\w+", "nha nhe a di ha do nay ne ak ah nghe tien dum giup gium em e anh chi oi cam on ban voi luon")
)


def choice(s: str) -> int | None:
    """The number of the menu item that a whole message picks ("2", "(3)", "cái thứ hai", "chọn 1 nha"), or None."""
    if len(s) > 80:
        return None
    words = re.findall(r"\w+", _clean(s).lower())
    while words and fold(words[-1]) in _TAIL:
        words.pop()
    if not words or not all(fold(word) in _LEAD for word in words[:-1]):
        return None
    last = words[-1]
    if last.isascii() and last.isdigit():
        return int(last) if len(last.lstrip("0")) in (1, 2) else None
    value = _NUMBERS.get(last)
    if value is not None and fold(last) in _ORDINAL_ONLY and len(words) < 2:
        return None
    return value


_COMMAND: Final = re.compile(r"^(?:[\s/\uff0f\u2044\u2215]+|" + _INVISIBLE.pattern + ")+")


def strip_command(s: str) -> str:
    """The text without the leading slashes (and what hides before them) that would make it a command."""
    return _COMMAND.sub("", s)


_EMAIL: Final = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*")
_PHONE: Final = re.compile(r"(?<!\d)(?:\+?84|0)(?:[ .-]?\d){9,10}(?!\d)")
_GROUPED: Final = re.compile(
    r"(?<![\d.,])(?:\d{3}([ -])\d{3}\1\d{3}|\d{3}([ .-])\d{3}\2\d{3}\2\d{3}|\d{4}([ .-])\d{4}\3\d{4})(?![ .,-]?\d)"
)
_DIGITS: Final = re.compile(r"(?<!\d)\d{9,}(?!\d)")


def mask(s: str) -> str:
    """The text with identity numbers (9 or 12 digits), phones, other long digit runs and e-mail addresses hidden."""
    if "@" in s:
        s = _EMAIL.sub("[email]", s)
    s = _DIGITS.sub(_number_mask, s)
    s = _PHONE.sub("[phone]", s)
    return _GROUPED.sub("[id]", s)


def _number_mask(found: re.Match[str]) -> str:
    digits = found.group()
    return "[phone]" if len(digits) in (10, 11) and digits.startswith(("0", "84")) else "[id]"
