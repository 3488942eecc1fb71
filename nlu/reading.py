"""What a message means when the bot has just asked something: pure rules, no Rasa in here.

The classifier reads a message alone. In a form or behind a menu the same words mean something else: "Rác trước cổng
chợ" is the text that was asked for, "2" is the second button, "hủy" ends the form whatever slot is open. These rules
decide on folded text, hence with and without diacritics alike. Danger comes before everything else, whatever is open.
Runs inside Rasa on CPython 3.10; standard library only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge import text as texts
from nlu import commands, emergencies, triage

FREE_TEXT_SLOTS = frozenset({"case_subject", "case_text", "case_place", "case_contact"})

_CASE_CODE = re.compile(r"(?<![A-Za-z0-9])mc(?:\s*[-–—_.]\s*|\s?)([a-z0-9]{6})(?![A-Za-z0-9])", re.IGNORECASE)
# Part of a procedure's code: "1.0011", "mã 1193", six or seven digits alone.
_CODE_PART = re.compile(
    r"(?<![\w.,/-])[1-9] ?[.,-] ?\d{4,6}(?![\w/-]|[.,]\d)|(?:mã|ma|thủ tục|thu tuc)(?: số| so)? ?\d{4,7}(?!\d)|"
    r"^\W*\d{6,7}\W*$",
    re.IGNORECASE,
)
_PAYLOAD = re.compile(r"/([a-z_]+)(\{.*\})?", re.DOTALL)

# A Vietnamese syllable without its diacritics: onset, vowels, coda.
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|b|c|d|g|h|k|l|m|n|p|r|s|t|v|x)?"
    r"(?:uye|uya|uyu|oai|oay|oeo|uay|uoi|uou|ieu|yeu|oao|ai|ao|au|ay|eo|eu|ia|ie|iu|oa|oe|oi|oo|ua|ue|ui|uo|uu|uy|"
    r"ye|a|e|i|o|u|y)"
    r"(?:ch|ng|nh|c|m|n|p|t)?"
)


def _any(*words: str) -> str:
    return "(?:" + "|".join("|".join(line.split(", ")) for line in words) + ")"


_POLITE_WORDS = _any(
    "di, nha, nhe, nghen, nghe, a, ah, ban, em, anh, chi, oi, gium, dum, giup, toi, tui, cam on, luon, roi, thoi"
)
_POLITE = f"(?: {_POLITE_WORDS})*"
_STOP = re.compile(
    f"(?:{_any('da, u, o, thoi, khoan, toi, tui, em, minh')} )*"
    + _any(
        "huy, huy bo, huy gium, huy don, huy phan anh, huy khieu nai, huy gop y, thoi, bo di, thoat, thoat ra",
        "dung lai, dung gui, ngung, ngung lai, ngung di, nghi, stop, cancel, quit, exit",
        "doi y, doi y roi, de bua khac, de luc khac",
        _any("khong, ko, hong, hok, dung, khoi, chua, het")
        + " (?:muon |can |co )?"
        + _any("gui, lam, khieu nai, phan anh, gop y, noi, nop, khai, tiep tuc, to cao")
        + "(?: gi| don| phan anh| khieu nai| gop y)?(?: nua)?",
    )
    + _POLITE
)
_SKIP = re.compile(
    "(?:da |thoi )*"
    + _any(
        "khong, ko, khoi, bo qua, khong co, khong can, khong de lai, khong muon de lai, de trong",
        "giau ten, an danh, thoi khoi",
    )
    + _POLITE
)
_YES = re.compile(
    f"(?:{_any('da, u, ua, o, vang')} )*"
    + _any(
        "gui, gui di, gui luon, gui gium, gui giup, dung roi, dung vay, dung do, phai, phai roi, ok, oke, okay, okie",
        "dong y, xac nhan, chinh xac, duoc, duoc roi, co, yes, da, vang, u, ua, chuan, y vay",
    )
    + _POLITE
)
_NO = re.compile(
    "(?:da |o )*"
    + _any(
        "sai, sai roi, chua dung, khong dung, khong phai, khong, chua, no, sua, sua lai, chua duoc, lon roi, nham roi",
        "khong dong y, khong chiu",
    )
    + _POLITE
)
_QUESTION = re.compile(
    r"\?\s*$|(?<!\w)"
    + _any(
        "o dau, cho nao, noi nao, bao nhieu, bao lau, may ngay, may bua, nhieu tien, chung nao, khi nao, can gi",
        "giay gi, giay to gi, giay to nao, nhung gi, lam sao, the nao, nhu nao, ra sao, sao vay, duoc khong, duoc hong",
        "phai khong, co can, can nhung, ho so gom, thu tuc, le phi, nop dau, cho hoi, cho toi hoi, cho em hoi",
        "hoi chut, la gi, vay ha",
    )
    + r"(?!\w)"
)
_HANDOFF = re.compile(
    r"(?<!\w)"
    + _any(
        "gap, noi chuyen, ket noi, noi may, chuyen may, nguoi that, tu van vien, tong dai, hotline",
        "duong day nong, goi lai",
    )
    + r"(?!\w)"
)
# Without diacritics "đúng" (right), "dừng" (stop) and "đừng" (don't) are one word; where they were typed, they decide.
_DUNG = (("dừng", "ngung"), ("đừng", "khoi"), ("đúng", "chinh xac"))
_CASE_WORDS = re.compile(
    r"(?<!\w)"
    + _any("toi dau, sao roi, xong chua, ket qua, tinh trang, kiem tra, tra cuu, xem, coi, ma, theo doi")
    + r"(?!\w)"
)

# Words that no Vietnamese sentence has, with or without diacritics ("to", "do", "the", "can" are Vietnamese too).
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """how what where when why who which is are was were am does did would could should will you your they we he she
        my this that these with from for and of on get got want need please help speak talk english register apply
        birth marriage certificate license licence driving identity office document documents paper papers fee cost
        much many newborn baby child children wife husband land house business open renew lost good morning afternoon
        thank thanks hello it have has there if or any some not new residence tax health insurance know tell answer
        language foreign foreigner live living work address here it's i'm don't""",
    )
)
# So many of these words in a message, and so large a share of it, make it English.
_FEWEST_ENGLISH = 2
_SHARE_ENGLISH = 0.5

# Behind "which commune?", these are believed from this confidence on; anything else is the name of a place.
_OVER_PLACE = {
    "stop": 0.4, "handoff": 0.5, "thanks": 0.5, "goodbye": 0.5, "greet": 0.6, "capabilities": 0.5, "check_case": 0.5,
    "complain": 0.5, "give_feedback": 0.5, "denounce": 0.5, "triage": 0.5, "ask_law": 0.5, "ask_procedure": 0.6,
    "followup": 0.5, "affirm": 0.5, "deny": 0.4, "correct": 0.5, "out_of_scope": 0.6,
}  # fmt: skip
_QUESTIONS = frozenset({"ask_procedure", "followup", "ask_law"})
# Behind these stands more than a sentence: a form, a case for a person, or all that was said is dropped. A guess must
# not open them; unread, the message is searched in the catalogue and the answer offers them as buttons.
_GRAVE = frozenset({"give_feedback", "handoff", "stop"})
_LEAST_GRAVE = 0.6
_SHORT = 12
# What `pending` begins with where a yes is waited for, and where any words are.
_ASKS_YES = ("handoff", "data:", "consent:")
_ASKS_WORDS = ("comment:", "add:", "reopen:", "contact:")


@dataclass(frozen=True)
class Button:
    """A button that the citizen sees: its title and the payload (``/intent{json}``) it stands for."""

    title: str
    payload: str


@dataclass(frozen=True)
class Asked:
    """What is open: the form slot asked for, what an answer waits for, the options offered, the last buttons shown."""

    slot: str | None = None
    pending: str | None = None
    options: tuple[Button, ...] = ()
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Reading:
    """An intent to use instead of the classifier's; ``entities`` None leaves the ones found."""

    intent: str
    confidence: float = 1.0
    entities: Mapping[str, Any] | None = None


def entity(name: str, value: Any) -> dict[str, Any]:
    """An entity in Rasa's shape; the offsets are unknown because the text was rewritten."""
    return {"entity": name, "value": value, "start": 0, "end": 0, "extractor": "motcua"}


def case_codes(text: str) -> list[str]:
    """Codes of cases in a text, canonical (``MC-7K3Q9D``), each once. Without a hyphen a digit is required."""
    found: list[str] = []
    for match in _CASE_CODE.finditer(texts.nfc(text)):
        body = match.group(1)
        glued = match.group(0)[2:] == body or match.group(0)[2].isspace()
        if glued and not any(char.isdigit() for char in body):
            continue
        code = f"MC-{body.upper()}"
        if code not in found:
            found.append(code)
    return found


def payload(text: str) -> tuple[str, dict[str, Any]] | None:
    """Split ``/intent{json}`` into the intent and its entities; None when it is not one."""
    match = _PAYLOAD.fullmatch(text.strip())
    if match is None:
        return None
    try:
        entities = json.loads(match.group(2) or "{}")
    except ValueError:
        return None
    return match.group(1), entities


def readable(text: str, words: frozenset[str]) -> bool:
    """Whether enough of the words are known or could be Vietnamese; digits alone are readable."""
    found = texts.tokens(text)
    if not found:
        return False
    good = sum(1 for word in found if word.isdigit() or word in words or _SYLLABLE.fullmatch(word))
    return good * 2 > len(found)


def is_stop(text: str) -> bool:
    """Whether a whole message says that the citizen wants out: "hủy", "thôi không gửi nữa"."""
    return _STOP.fullmatch(_folded(text)) is not None


def is_question(text: str) -> bool:
    """Whether a message looks like a question that wants an answer now."""
    return _QUESTION.search(texts.fold(texts.normalise(text))) is not None


def is_english(text: str) -> bool:
    """Whether a message is written in English."""
    if not text.isascii():
        text = texts.nfc(text).replace("’", "'")
        if not text.isascii():
            return False
    words = re.findall(r"[a-z']+", text.lower())
    found = sum(word in _ENGLISH for word in words)
    return found >= _FEWEST_ENGLISH and found >= _SHARE_ENGLISH * len(words)


def read(text: str, asked: Asked, ranking: Sequence[tuple[str, float]], entities: Mapping[str, str]) -> Reading | None:
    """The meaning of ``text`` given what was asked, or None where the classifier's reading stands.

    Args:
        text: the message as typed.
        asked: what the bot has asked last.
        ranking: the classifier's intents with confidence, best first (``nlu_fallback`` may lead it).
        entities: what was extracted, name to value.
    """
    words = texts.tokens(text)
    if not words:
        return None
    danger = emergencies.read(text)
    if danger:
        return Reading("emergency", entities={"danger": ",".join(danger)})
    if asked.slot in FREE_TEXT_SLOTS:
        return _in_free_text(text, words, asked, ranking, entities)
    if asked.slot == "case_consent":
        agreed = _at_consent(text)
        return agreed or _in_free_text(text, words, asked, ranking, entities)
    if asked.slot is not None:
        return _at_confirmation(text, words, asked, ranking)
    if asked.pending is not None and asked.pending.startswith(_ASKS_WORDS):
        return _in_free_text(text, words, asked, ranking, entities)
    command = commands.read(text, entities, question=is_question(text))
    if command is not None:
        return Reading(command[0], entities=command[1])
    if "case_code" in entities and len(words) <= _SHORT:
        return Reading("check_case")
    if is_english(text):
        return Reading("english")
    if asked.pending is not None and asked.pending.startswith(_ASKS_YES):
        folded = _folded(text)
        if _YES.fullmatch(folded):
            return Reading("affirm")
        if _NO.fullmatch(folded) or _SKIP.fullmatch(folded):
            return Reading("deny")
    if asked.pending == "pin" and any(word.isdigit() for word in words) and len(words) <= 3:
        return Reading("check_case")
    picked = _picked(text, asked)
    if picked is not None:
        return picked
    waits = asked.pending in ("place", "hamlet") and len(words) <= _SHORT and not triage.sues(text)
    led = None if waits else triage.read(text, [each for each in ranking if each[0] != "nlu_fallback"])
    if led is not None:
        return Reading(led[0], entities=led[1])
    return _behind_question(text, words, asked, ranking, entities)


def _folded(text: str) -> str:
    text = texts.normalise(text).lower()
    for written, meant in _DUNG:
        text = text.replace(written, meant)
    return " ".join(texts.tokens(text))


def _top(ranking: Sequence[tuple[str, float]]) -> tuple[str, float]:
    return next(((name, score) for name, score in ranking if name != "nlu_fallback"), ("nlu_fallback", 0.0))


def _in_free_text(
    text: str, words: list[str], asked: Asked, ranking: Sequence[tuple[str, float]], entities: Mapping[str, str]
) -> Reading:
    """A slot that takes any text takes it, unless the citizen clearly does something else."""
    folded = _folded(text)
    name, score = _top(ranking)
    if folded == "dung":
        return Reading("nlu_fallback")
    if triage.denounces(text) and asked.slot in ("case_subject", "case_text"):
        # The story of a denunciation is not taken in a chat.
        return Reading("denounce", entities={})
    if commands.wish(text) is not None:
        return Reading("data_request", entities={"wish": commands.wish(text)})
    if asked.slot in ("case_contact", None) and _SKIP.fullmatch(folded):
        return Reading("inform" if asked.slot else "deny")
    if _STOP.fullmatch(folded):
        return Reading("stop")
    if "case_code" in entities and len(words) <= _SHORT and (len(words) <= 3 or _CASE_WORDS.search(folded)):
        return Reading("check_case")
    if name == "handoff" and score >= 0.4 and len(words) <= _SHORT and _HANDOFF.search(folded):
        return Reading("handoff")
    if name in ("greet", "thanks", "goodbye") and score >= 0.7 and len(words) <= 5:
        return Reading(name, score)
    if name == "capabilities" and score >= 0.6 and len(words) <= _SHORT:
        return Reading(name, score)
    if name in _QUESTIONS and is_question(text) and len(words) <= 20:
        together = sum(score for other, score in ranking if other in _QUESTIONS)
        if together >= (0.6 if name == "ask_procedure" else 0.75):
            return Reading(name, together, entities)
    return Reading("inform", entities={})


def _at_consent(text: str) -> Reading | None:
    """Only a plain yes agrees."""
    folded = _folded(text)
    if _YES.fullmatch(folded):
        return Reading("affirm")
    if _NO.fullmatch(folded) or _SKIP.fullmatch(folded):
        return Reading("deny")
    return None


def _at_confirmation(text: str, words: list[str], asked: Asked, ranking: Sequence[tuple[str, float]]) -> Reading | None:
    """Sending is for good, so only words that say yes count as yes; the classifier's guess does not."""
    folded = _folded(text)
    if _STOP.fullmatch(folded) and not _YES.fullmatch(folded):
        return Reading("stop")
    if _YES.fullmatch(folded):
        return Reading("affirm")
    if _NO.fullmatch(folded):
        return Reading("deny")
    pressed = _button(texts.choice(text), asked.buttons)
    if pressed is not None:
        return pressed
    name, score = _top(ranking)
    if folded == "dung" or (name == "affirm" and (score < 0.8 or len(words) > 5)):
        return Reading("nlu_fallback")
    return None


def _picked(text: str, asked: Asked) -> Reading | None:
    """A number or the very title of an option. A menu without remembered options works by number too."""
    number = texts.choice(text)
    if asked.options:
        if number is None:
            number = _titled(text, asked.options)
        return Reading("choose_option", entities={"option": number}) if number is not None else None
    if number is None:
        return _button(_titled(text, asked.buttons), asked.buttons)
    pressed = _button(number, asked.buttons)
    if pressed is not None and pressed.intent == "handoff" and not (pressed.entities or {}).get("sure"):
        # The numbers of a lone button are not shown: a case is opened only when that is what was meant.
        return Reading("handoff", entities={"sure": False})
    return pressed


def _titled(text: str, buttons: tuple[Button, ...]) -> int | None:
    folded = _folded(text)
    return next((number for number, button in enumerate(buttons, 1) if _folded(button.title) == folded), None)


def _button(number: int | None, buttons: tuple[Button, ...]) -> Reading | None:
    if number is None or not 1 <= number <= len(buttons):
        return None
    pressed = payload(buttons[number - 1].payload)
    return Reading(pressed[0], entities=pressed[1]) if pressed else None


def _behind_question(
    text: str, words: list[str], asked: Asked, ranking: Sequence[tuple[str, float]], entities: Mapping[str, str]
) -> Reading | None:
    if asked.pending in ("place", "hamlet") and len(words) <= _SHORT and ranking and ranking[0][1] < 1.0:
        name, score = _top(ranking)
        if is_stop(text):
            return Reading("stop")
        sure = _OVER_PLACE.get(name)
        asks = name in ("ask_procedure", "followup", "ask_law") and is_question(text)
        if sure is None or (score < sure and not (asks and score >= 0.3)):
            return Reading("give_place")
        return None
    if ("procedure" in entities or _CODE_PART.search(text)) and len(words) <= 5:
        return Reading("ask_procedure")
    name, score = ranking[0] if ranking else ("", 0.0)
    if name in _GRAVE and score < _LEAST_GRAVE and not is_stop(text):
        return Reading("nlu_fallback")
    return None
