"""Vietnamese syllables: which can be written, where the tone mark goes, and what Telex or VNI keys meant.

Pure standard library, Python 3.10 and later. The set is generated from onset x rime x tone rules, so no word list
is needed; it holds what can be written, not only what is in use.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final


def _words(text: str) -> list[str]:
    return text.split()


_ONSETS: Final = _words("b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x")
_RIMES: Final = _words(
    """a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo
    ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu o oa oac oach
    oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oem oen oeo oet oi om on ong ooc oong
    op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh uêu ui um un ung
    uôc uôi uôm uôn uông uôt uơ up ut uy uya uych uyên uyêt uyn uynh uyp uyt uyu ư ưa ưc ưi ưm ưn ưng ươc
    ươi ươm ươn ương ươp ươt ươu ưt ưu y"""
)
_BARE: Final = _words("yêm yên yêng yêt yêu")  # written with y only where nothing stands before them
_FRONT: Final = frozenset("eêiy")  # vowels that k, gh and ngh are written before

VOWELS: Final = frozenset("aăâeêioôơuưy")
_MARKED: Final = frozenset("ăâêôơư")
_TONES: Final = {"\u0301": 1, "\u0300": 2, "\u0309": 3, "\u0303": 4, "\u0323": 5}
_TONE_MARKS: Final = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
_STOPS: Final = ("c", "ch", "p", "t")


def _fits(onset: str, rime: str) -> bool:
    head = rime[0]
    if onset == "qu":
        return head in "aăâeêiơyo" and not rime.startswith(("ia", "iê", "oo", "oi", "oa", "oe", "oă")) and rime != "o"
    if onset == "gi":
        return head in "aăâeêoôơuư" and not rime.startswith(("oa", "oe", "oă", "uy", "uâ", "uê", "uơ"))
    if onset in ("k", "gh", "ngh"):
        return head in _FRONT
    if onset in ("c", "ng"):
        return head not in _FRONT
    if onset == "g":
        return head not in "eêy"
    return True


def _generate() -> frozenset[str]:
    made = {onset + rime for onset in _ONSETS for rime in _RIMES if _fits(onset, rime)}
    made.update(_RIMES)
    made.update(_BARE)
    return frozenset(made)


BASES: Final[frozenset[str]] = _generate()


def _plain(text: str) -> str:
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text)).replace("đ", "d")


FOLDED: Final[frozenset[str]] = frozenset(_plain(base) for base in BASES)


def split_tone(word: str) -> tuple[str, int]:
    """The lower-case word without its tone mark, and the tone (0 none, 1 sắc, 2 huyền, 3 hỏi, 4 ngã, 5 nặng).

    A word with two tone marks gives tone -1.
    """
    if word.isascii():
        return word, 0
    tone = 0
    kept: list[str] = []
    for char in unicodedata.normalize("NFD", word):
        found = _TONES.get(char)
        if found is None:
            kept.append(char)
        else:
            tone = found if tone == 0 else -1
    return unicodedata.normalize("NFC", "".join(kept)), tone


def possible(base: str, tone: int) -> bool:
    """Whether the toneless syllable exists and may carry the tone (before a stop final only sắc and nặng)."""
    if base not in BASES:
        return False
    return tone in (1, 5) if base.endswith(_STOPS) else 0 <= tone <= 5


def is_syllable(word: str) -> bool:
    """Whether the lower-case NFC word is a possible syllable, marked in full or typed without any diacritics."""
    if word.isascii():
        return word in FOLDED
    return possible(*split_tone(word))


def with_tone(base: str, tone: int) -> str:
    """Puts the tone mark where it is traditionally written (hòa, thủy, quý, giếng, khuỷu)."""
    if tone <= 0:
        return base
    start = 2 if base.startswith(("qu", "gi")) and len(base) > 2 and base[2] in VOWELS else 0
    spots = [i for i in range(start, len(base)) if base[i] in VOWELS]
    if not spots:
        return base
    marked = [i for i in spots if base[i] in _MARKED]
    if marked:
        spot = marked[-1]
    elif len(spots) == 1:
        spot = spots[0]
    elif len(spots) == 2:
        spot = spots[1] if spots[1] < len(base) - 1 else spots[0]
    else:
        spot = spots[1]
    return unicodedata.normalize("NFC", base[: spot + 1] + _TONE_MARKS[tone] + base[spot + 1 :])


def traditional(word: str) -> str:
    """The lower-case syllable with its tone mark in the traditional place (hoà becomes hòa)."""
    base, tone = split_tone(word)
    return with_tone(base, tone) if tone > 0 and base in BASES else word


_TELEX_TONES: Final = {"s": 1, "f": 2, "r": 3, "x": 4, "j": 5}
_HAT: Final = {"a": "â", "e": "ê", "o": "ô"}
_HORN: Final = {"a": "ă", "o": "ơ", "u": "ư"}


def _horn(letters: list[str]) -> bool:
    """What the key w does: uo -> ươ, ua at the end -> ưa, otherwise the last a, o or u that can take it."""
    spot = next((i for i in range(len(letters) - 1, -1, -1) if letters[i] in _HORN), -1)
    if spot < 0:
        return False
    after_u = spot > 0 and letters[spot - 1] == "u" and (spot < 2 or letters[spot - 2] != "q")
    if letters[spot] == "a" and after_u and spot == len(letters) - 1:
        letters[spot - 1] = "ư"
    else:
        _horn_at(letters, spot)
    return True


def _horn_at(letters: list[str], spot: int) -> None:
    char = letters[spot]
    letters[spot] = _HORN[char]
    if char == "o" and spot and letters[spot - 1] == "u" and (spot < 2 or letters[spot - 2] != "q"):
        letters[spot - 1] = "ư"


def _finish(letters: list[str], tone: int) -> str | None:
    base = "".join(letters)
    if base.endswith("ươ"):
        base = base[:-2] + "uơ"  # "thuowr" is thuở: no syllable ends in ươ
    return with_tone(base, tone) if possible(base, tone) else None


def telex(word: str) -> str | None:
    """The syllable that lower-case ASCII Telex keys spell ("ddawng" is "đăng"), or None when they spell none.

    Only where a key did something and the result is a possible syllable.
    """
    if not 2 <= len(word) <= 10 or not word.isascii():
        return None
    letters: list[str] = []
    tone = keys = loose = 0
    for char in word:
        seen = any(c in VOWELS for c in letters)
        if char in _TELEX_TONES and seen:
            if tone:
                return None
            tone, keys = _TELEX_TONES[char], keys + 1
        elif char == "w":
            if not _horn(letters):
                letters.append("ư")
            keys += 1
        elif char == "d" and letters and letters[0] == "d":
            letters[0] = "đ"
            keys += 1
            if len(letters) > 1:
                loose += 1
        elif char in _HAT and letters and letters[-1] == char and word != "oo":
            letters[-1] = _HAT[char]
            keys += 1
        elif char in _HAT and seen and letters[-1] not in VOWELS and char in letters:
            letters[len(letters) - 1 - letters[::-1].index(char)] = _HAT[char]
            keys += 1
            loose += 1
        else:
            letters.append(char)
    # A mark typed after the end of the syllable is believed only beside another key: "mama" is not "mâm".
    if keys == 0 or keys == loose:
        return None
    return _finish(letters, tone)


_VNI_SHAPE: Final = re.compile(r"[a-z]{1,7}[1-9](?:[a-z]{0,4}[1-9]?){0,3}")


def vni(word: str) -> str | None:
    """The syllable that lower-case VNI keys spell ("d9a8ng" is "đăng", "ky1" is "ký"), or None."""
    if not 2 <= len(word) <= 10 or not _VNI_SHAPE.fullmatch(word):
        return None
    letters: list[str] = []
    tone = 0
    for char in word:
        if not char.isdigit():
            letters.append(char)
            continue
        key = int(char)
        if key <= 5:
            if tone or not any(c in VOWELS for c in letters):
                return None
            tone = key
        elif key == 9:
            if not letters or letters[0] != "d":
                return None
            letters[0] = "đ"
        else:
            wanted = {6: "aeo", 7: "ou", 8: "a"}[key]
            spot = next((i for i in range(len(letters) - 1, -1, -1) if letters[i] in wanted), -1)
            if spot < 0:
                return None
            if key == 7:
                _horn_at(letters, spot)
            else:
                letters[spot] = _HAT[letters[spot]] if key == 6 else "ă"
    return _finish(letters, tone)
