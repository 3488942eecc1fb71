"""Questions as citizens type them: without marks, with slips, in teencode, with the keys of an input method, southern.

Each function takes a clean question and a generator of chance, so the same seed gives the same text. What is here was
written from how people type, without looking at the tables by which the program undoes it: some of it the program
knows, some it does not.
"""

from __future__ import annotations

import random
import re
import unicodedata
import zlib
from collections.abc import Callable
from typing import Final

Noise = Callable[[str, random.Random], str]

_WORD: Final = re.compile(r"[^\W\d_]+")
_TONES: Final = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_SHAPES: Final = {"\u0302": "^", "\u0306": "(", "\u031b": "+"}
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

# Share of the words that get a slip, of those put in teencode, of those an input method left undone.
_SLIPS: Final = 0.18
_CHAT: Final = 0.6
_KEYS: Final = 0.7
_SOUTH: Final = 0.85

_SHORT: Final = {
    "không": ("ko", "k", "khum", "hông", "hem"), "được": ("dc", "đc", "đk", "dk"), "gì": ("j", "gi", "zì"),
    "vậy": ("z", "zậy", "v"), "bao nhiêu": ("bn", "bnhiu", "bao nhiu"), "thế nào": ("tn", "thế lào", "thía nào"),
    "như thế nào": ("ntn", "như nào"), "rồi": ("r", "ùi", "rùi"), "bây giờ": ("bh", "bi h"), "giờ": ("h",),
    "với": ("vs", "zới"), "biết": ("bít", "bik"), "làm": ("lm", "nàm"), "mình": ("mk", "mik"), "tôi": ("t", "tui"),
    "người": ("ng", "ngừi"), "trước": ("trc",), "những": ("nhg", "~"), "giấy tờ": ("gtờ", "giấy tờ"),
    "đăng ký": ("đký", "dky", "đk"), "thủ tục": ("tt", "thủ tục"), "hồ sơ": ("hs", "hsơ"), "online": ("onl", "on"),
    "hướng dẫn": ("hd", "hdẫn"), "hiện nay": ("hnay", "hiện h"), "cần": ("cần", "kần"), "muốn": ("mún", "mún"),
    "phải": ("fải", "p"), "quá": ("wá",), "yêu cầu": ("yc",), "điện thoại": ("đt",), "ủy ban": ("ub",),
    "chứng minh nhân dân": ("cmnd", "cmt"), "căn cước": ("cc", "căn cước"), "kinh doanh": ("kd",),
    "xây dựng": ("xd",), "nghĩa vụ quân sự": ("nvqs",), "bảo hiểm xã hội": ("bhxh",), "công ty": ("cty",),
    "việt nam": ("vn",), "học sinh": ("hs",), "gia đình": ("gđ",), "và": ("&", "và"), "quy định": ("qđ",),
}  # fmt: skip
# Sounds written shorter; each applies to a word by chance.
_SOUNDS: Final = (
    (r"^ph", "f"), (r"^qu(?=[aâăeê])", "w"), (r"^gi(?=[aăâoôơuư])", "z"), (r"ng$", "g"), (r"nh$", "h"), (r"ch$", "ck"),
    (r"^c(?=[aăâoôơuư])", "k"), (r"i$", "j"), (r"^d(?=[^đ])", "z"), (r"^kh", "k"),
)  # fmt: skip
_SOUTHERN: Final = {
    "bố": ("ba", "tía"), "cha": ("ba", "tía"), "mẹ": ("má",), "bố mẹ": ("ba má", "tía má"), "cha mẹ": ("ba má",),
    "tôi": ("tui",), "chúng tôi": ("tụi tui",), "vào": ("vô",), "thế nào": ("sao", "làm sao"),
    "như thế nào": ("ra sao", "làm sao"), "gì": ("cái gì", "chi"), "không": ("hông", "hôn"), "bao nhiêu": ("nhiêu",),
    "bao lâu": ("chừng nào",), "khi nào": ("chừng nào", "hồi nào"), "trẻ em": ("con nít", "sấp nhỏ"),
    "trẻ": ("con nít",), "chồng": ("ông xã", "chồng"), "vợ": ("bà xã", "vợ"), "bệnh": ("bịnh",), "mất": ("mất tiêu",),
    "hỏng": ("hư",), "lợn": ("heo",), "thuyền": ("ghe",), "tàu cá": ("ghe cào",), "ô tô": ("xe hơi",),
    "xe máy": ("xe honda", "xe gắn máy"), "cửa hàng": ("tiệm",), "quán": ("tiệm",),
    "chết": ("mất",),
    "qua đời": ("mất",), "kết hôn": ("cưới", "cưới hỏi"), "ly hôn": ("thôi nhau", "bỏ nhau"), "tiền": ("tiền bạc",),
    "giấy tờ": ("giấy má", "giấy tờ"), "người già": ("ông già bà cả",), "hiện nay": ("bây giờ", "hổm rày"),
    "ngay": ("liền",), "rất": ("quá trời",), "ở đâu": ("ở chỗ nào", "đâu"), "nơi nào": ("chỗ nào",),
    "chuyển": ("dời",),
    "thuê": ("mướn",), "người lao động": ("người làm công",), "mới nhất": ("mới nhứt",), "thứ nhất": ("thứ nhứt",),
}  # fmt: skip
_BEFORE: Final = ("", "", "cho tui hỏi ", "dạ cho hỏi ", "mấy anh chị ơi ", "bà con cho hỏi ")
_AFTER: Final = (" vậy", " vậy ta", " hen", " nghen", " dạ", "")


def chance(text: str, seed: int) -> random.Random:
    """A generator that depends on the seed and the question, not on the order of the questions."""
    return random.Random(zlib.crc32(text.encode()) ^ (seed * 0x9E3779B1))


def plain(text: str, chance: random.Random) -> str:
    """All marks taken off; nothing else changes."""
    return _bare(text)


def typos(text: str, chance: random.Random) -> str:
    """Slips of the fingers in about one word of six, at least one: swapped, left out, doubled, neighbouring keys."""
    places = [m for m in _WORD.finditer(text) if len(m.group()) > 2]
    if not places:
        return text
    hit = [m for m in places if chance.random() < _SLIPS] or [chance.choice(places)]
    for match in reversed(hit):
        text = text[: match.start()] + _slip(match.group(), chance) + text[match.end() :]
    return text


def teencode(text: str, chance: random.Random) -> str:
    """Shorthand and sound spelling of chats, in small letters and without full stops."""
    said = _replaced(text.lower().rstrip("?!. "), _SHORT, _CHAT, chance)

    def sound(match: re.Match[str]) -> str:
        word = match.group()
        for pattern, short in _SOUNDS:
            if len(word) > 2 and chance.random() < 0.15:
                word = re.sub(pattern, short, word)
        return word

    return _WORD.sub(sound, said)


def telex(text: str, chance: random.Random) -> str:
    """Words typed in Telex with the input method off: "dawng kys", some with the keys in the order of typing."""
    return _WORD.sub(lambda m: _keyed(m.group(), chance, vni=False), text)


def vni(text: str, chance: random.Random) -> str:
    """The same in VNI: "d9a8ng ky1"."""
    return _WORD.sub(lambda m: _keyed(m.group(), chance, vni=True), text)


def southern(text: str, chance: random.Random) -> str:
    """Southern words for northern and written ones, framed the way people of the Mekong delta ask."""
    body = _replaced(text.rstrip("?!. "), _SOUTHERN, _SOUTH, chance)
    return chance.choice(_BEFORE) + body[:1].lower() + body[1:] + chance.choice(_AFTER)


NOISES: Final[dict[str, Noise]] = {
    "no diacritics": plain,
    "typos": typos,
    "teencode": teencode,
    "Telex keys": telex,
    "VNI keys": vni,
    "southern words": southern,
}


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def _slip(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word)) if len(word) > 3 else chance.randrange(len(word))
    kind = chance.random()
    if kind < 0.3 and place:
        return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    if kind < 0.55:
        return word[:place] + word[place + 1 :]
    if kind < 0.75:
        return word[:place] + word[place] + word[place:]
    return word[:place] + _beside(word[place], chance) + word[place + 1 :]


def _beside(letter: str, chance: random.Random) -> str:
    bare = _bare(letter).lower()
    for row in _ROWS:
        at = row.find(bare)
        if at >= 0:
            return chance.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)])
    return letter


def _replaced(text: str, table: dict[str, tuple[str, ...]], share: float, chance: random.Random) -> str:
    longest = sorted(table, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest)) + r")(?!\w)", re.IGNORECASE)

    def said(match: re.Match[str]) -> str:
        return chance.choice(table[match.group().lower()]) if chance.random() < share else match.group()

    return pattern.sub(said, text)


def _keyed(word: str, chance: random.Random, *, vni: bool) -> str:
    if chance.random() >= _KEYS:
        return word
    at_end = chance.random() < 0.75
    out: list[str] = []
    tone = ""
    for letter in unicodedata.normalize("NFC", word):
        apart = unicodedata.normalize("NFD", letter)
        base, marks = apart[0], apart[1:]
        keys = ""
        here = ""
        if base in "đĐ":
            base, keys = ("d", "9") if vni else ("d", "d")
        for mark in marks:
            if mark in _TONES:
                here = str("sfrxj".index(_TONES[mark]) + 1) if vni else _TONES[mark]
            elif mark in _SHAPES:
                keys = _shape_key(base, _SHAPES[mark], vni=vni)
        out.append(base + keys)
        if here and not at_end:
            out.append(here)
        elif here:
            tone = here
    return "".join(out) + tone


def _shape_key(base: str, shape: str, *, vni: bool) -> str:
    if vni:
        return {"^": "6", "(": "8", "+": "7"}[shape]
    return base.lower() if shape == "^" else "w"
