"""How places are written in running text: words, type words, cues, and what only looks like a place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from knowledge._syllables import split_tone, traditional
from knowledge.text import fold, nfc

_WORD: Final = re.compile("[^\\W_](?:[^\\W_]|[\u0300-\u036f])*")
_FINAL_Y: Final = re.compile(r"^([bdhklmnstv]|qu)y$")
_WORD_LIMIT: Final = 12
_BREAK: Final = re.compile(r"[\n;?!]|\.\s")


@lru_cache(maxsize=8_192)
def spelled(low: str) -> tuple[str, str, int]:
    """The key that spelling variants share (no marks, final y as i), the toneless form, and the tone."""
    base, tone = split_tone(traditional(low))
    base = _FINAL_Y.sub(r"\1i", base).replace("uơ", "ươ")
    return fold(base), base, tone


class Word(NamedTuple):
    """A word of the text and where it stands in the original."""

    start: int
    end: int
    low: str
    key: str
    base: str
    tone: int
    capital: bool  # begins with a capital, in a text that is not all capitals
    dotted: bool
    apart: bool  # a sentence's end or a line break stands before it
    comma: bool  # a comma or the like stands before it

    def agreement(self, base: str, tone: int) -> int:
        """How its marks fit a name's syllable: 0 they do, 1 none were typed, 2 they contradict it.

        Hỏi and ngã sound the same in the South and are often swapped, so that is no contradiction.
        """
        if self.base == base and (self.tone == tone or {self.tone, tone} == {3, 4}):
            return 0
        return 1 if self.low.isascii() or (self.tone == 0 and self.base == base) else 2


def words(text: str) -> list[Word]:
    """The words of a text, in order. Linear time; words too long to be part of a name have no key."""
    found: list[Word] = []
    last = 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        low, key, base, tone, capital = _seen(match.group() if end - start <= 3 * _WORD_LIMIT else "")
        gap = text[last : last + 4 if start > last + 4 else start]
        apart = gap != " " and _BREAK.search(gap) is not None
        comma = gap != " " and start > last and bool(gap.strip())
        found.append(Word(start, end, low, key, base, tone, capital, text[end : end + 1] == ".", apart, comma))
        last = end
    return found


@lru_cache(maxsize=8_192)
def _seen(raw: str) -> tuple[str, str, str, int, bool]:
    low = nfc(raw).lower()
    key, base, tone = spelled(low) if 0 < len(low) <= _WORD_LIMIT else ("", low, 0)
    return low, key, base, tone, raw[:1].isupper() and not (len(low) > 1 and raw.isupper())


COMMUNE: Final = frozenset({"xã", "phường", "thị trấn", "đặc khu"})
DISTRICT: Final = frozenset({"huyện", "thị xã", "thành phố", "quận"})

# Forms of each type word. A lone letter counts only with a full stop or as a separate word right before a name.
_TYPES: Final = {
    "xã": ("xã", "xa", "x"),
    "phường": ("phường", "phuong", "p", "f", "ph"),
    "thị trấn": ("thị trấn", "thi tran", "tt", "ttr"),
    "đặc khu": ("đặc khu", "dac khu", "đk"),
    "huyện": ("huyện", "huyen", "h"),
    "thị xã": ("thị xã", "thi xa", "tx"),
    "thành phố": ("thành phố", "thanh pho", "tp", "t p"),
    "tỉnh": ("tỉnh", "tinh", "t"),
}
_TYPE_OF: Final = {form: kind for kind, forms in _TYPES.items() for form in forms}
_NEEDS_DOT: Final = frozenset({"h", "t", "ph"})


TYPE_STARTS: Final = frozenset(form.split()[0] for form in _TYPE_OF)


def type_at(found: Sequence[Word], at: int) -> tuple[str, int]:
    """The type word at a position ("" when there is none) and how many words it takes."""
    if at + 1 < len(found):
        kind = _TYPE_OF.get(f"{found[at].low} {found[at + 1].low}")
        if kind:
            return kind, 2
    if at < len(found):
        word = found[at]
        kind = _TYPE_OF.get(word.low)
        if kind and (word.low not in _NEEDS_DOT or word.dotted):
            return kind, 1
    return "", 0


# What people put around a place when they answer "where are you?".
LEAD: Final = frozenset(
    re.findall(
        r"\w+",
        """da vang u uh thi la em e toi minh tui con anh chi a c o tai que ben duoi tren nha hien dang song cu tru cho
        thuoc dia vuc khu noi nguoi dan day ubnd uy ban nhan""",
    )
)
TAIL: Final = frozenset(re.findall(r"\w+", "a nha nhe ak ah ban em do day ne nghe cam on anh chi oi vay roi luon"))
# Smaller than a commune: what stands here may come before the place in an address.
ADDRESS: Final = frozenset({"ap", "khom", "to", "so", "duong", "hem", "khu", "kp", "thon"})

_CUES: Final = frozenset(
    re.findall(
        r"\w+",
        """ở o ơ tại tai quê que dưới duoi thuộc ubnd về bên trên trong gần tới đến lên xuống qua từ dân người nhà
        nay cũ vùng khu địa bàn chợ""",
    )
) - {"nay", "cũ", "chợ", "nhà", "khu"}
# Only these announce "Thứ Ba": "tới thứ ba" is a day.
_STRONG: Final = frozenset({"ở", "o", "tại", "tai", "quê", "que"})
_CUE_FILLERS: Final = frozenset(
    {"bên", "ben", "dưới", "duoi", "trên", "tren", "gần", "gan", "trong", "khu", "vực", "vuc"}
)


def cued(found: Sequence[Word], at: int) -> bool:
    """Whether a word like "ở" or "quê" announces a place at this position."""
    if at == 0 or found[at].apart:
        return False
    before = found[at - 1]
    if before.low in _STRONG or (before.low in _CUES and found[at].key != "thu"):
        return True
    return at > 1 and before.low in _CUE_FILLERS and found[at - 2].low in _CUES


# Words of a question that stand behind a name, and are no part of it.
NO_NAME: Final = frozenset(
    re.findall(
        r"\w+",
        """o tai can lam nop thi de co cho va voi la mat het bao may xin dang ki cap doi muon di den toi ra len nai cu
        moi tinh huien xa phuong nha minh khai thu tuc duoc khong hong gi dau nao sao trong ngoai gan qua theo con em
        roi nua mua ban xai ho so giay to tach sang ten nhap""",
    )
)

# Behind these a province is where somebody or something comes from, not where a thing is to be done.
_FROM: Final = frozenset(["que", "khau", "sinh", "sanh", "viec", "tu", "song", "nguoi"])


def asked_for(found: Sequence[Word], start: int, end: int, *, typed: bool) -> bool:
    """Whether a province named at ``start:end`` is where something is to be done.

    "Đăng ký kết hôn ở Hà Nội" is, "hộ khẩu ở Cần Thơ" is not. Without "ở" or a type word the name needs its capitals.
    """
    if start == 0 or found[start].apart:
        return False
    before = found[start - 1]
    strong = before.low in _STRONG
    at = start - 2 if strong and start > 1 else start - 1
    # "Sinh ở Cần Thơ", but "khai sinh ở Cần Thơ".
    if found[at].key in _FROM and not (at and found[at - 1].key == "khai"):
        return False
    return strong or typed or (end - start > 1 and all(word.capital for word in found[start:end]))


# Two-syllable names that are hardly anything else, even without diacritics.
KNOWN: Final = frozenset(
    """long xuyen|chau doc|tan chau|tri ton|tinh bien|thoai son|chau phu|phu quoc|rach gia|ha tien|kien luong|hon dat
    giong rieng|go quao|kien hai|giang thanh|oc eo|ba chuc|nui sap|nui cam|nui voi|tho chau|nha bang|cai dau|cho vam
    minh luong|rach soi|hon tre|lai son|ham ninh|chi lang|vinh thuan|an giang|hon nghe|ganh dau""".replace(
        "\n    ", "|"
    ).split("|")
)

# Words that make something else of a name without diacritics: "phuong an phu hop", "xa hoi an toan".
_NOT_BEFORE: Final = {
    "an": "toan ninh sinh ui nhan tam giang duong cu uong",
    "phu": "hop cap huynh nu luc trach kien thuoc gia nhan",
    "hoa": "don giai chat kieng hop mang binh hoc",
    "binh": "dang quan thuong",
    "thanh": "lap toan tra ly tich nien vien phan pho thi vien tra",
    "thai": "san do",
    "tan": "tat cong tich",
    "hoi": "vien nghi dong",
    "dong": "y gop bao hang",
    "moi": "nguoi truong thu ngay noi nhat lan loai cai don",
    "my": "pham thuat",
    "minh": "thi hoa bach",
    "hung": "thu",
    "dien": "thoai tich tu",
    "loi": "nhuan ich",
    "thuan": "loi tien tinh",
}
_FOLLOWERS: Final = {last: frozenset(nexts.split()) for last, nexts in _NOT_BEFORE.items()}
_SOCIAL: Final = frozenset(
    re.findall(r"\w+", "hiem tro giup sinh nha loi tac luat benh vien mang hoi hoa te ban vu quan")
)


def looks_otherwise(found: Sequence[Word], start: int, end: int) -> bool:
    """Whether an unmarked or small-lettered name at ``start:end`` is rather part of an ordinary phrase."""
    if all(word.capital for word in found[start:end]):
        return False
    if end < len(found) and not found[end].apart:
        after = found[end]
        if after.key in _FOLLOWERS.get(found[end - 1].key, ()):
            return True
    # "xã hội an toàn", "bảo hiểm xã hội an ..."
    return (
        start >= 2
        and found[start].key == "hoi"
        and found[start - 1].key == "xa"
        and fold(found[start - 2].low) in _SOCIAL
    )
