"""Reading a citizen's question: which facets it asks about, which place and code it names, and what is left.

A question may ask two things at once ("cần giấy gì, bao nhiêu tiền"), so the facets are a set. The cues are matched on
folded text, hence with and without diacritics alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from knowledge import _facets
from knowledge import text as texts
from knowledge._facets import Facet
from knowledge.life_events import LifeEvent, LifeEvents
from knowledge.places import Gazetteer, Mention
from knowledge.vocabulary import Vocabulary

__all__ = ["Facet", "Question", "Two", "event", "named_by", "read", "two"]


# Words that carry no subject: politeness, pronouns, what glues a question together.
_FILLER = frozenset(
    re.findall(
        r"\w+",
        """
        a ad admin ah ak alo anh ay ba bac ban bang bao bay bi biet bot bua cac cai cam can chac chau chi chieu
        cho chu chua chung co coi con cua cung da dang dau day dc de den di dien dieu do du dum duoc em gap gi
        giay gio giup gium ha hay hen het hien ho hoac hoi hom hong hop huong ke khi khoan khong kia la lai lam
        lau len lo loai luc lun luon ma mat may met minh mn mng moi mot muon nam nao nay ne nen neu nha nhan nhat
        nhe nhi nhieu nhu nhung no noi nop nua o oi on phai qua que ra ro roi sao sap shop so song ta tai tat thay
        the them theo thi thoi thu thua tn to toi trong truong tu tuc tui uh ui v va van vay ve vi viec vo voi vui
        xin xong y z zay
        """,
    )
)
# Things whose every syllable, written without diacritics, is one of those, and which the vocabulary does not hold.
_THINGS = re.compile(
    r"\b(?:so do|so hong|so ho|chung chi|vo lai|ho chieu|hop thua|bang lai|giay do|chung minh|cay dien|viec lam|"
    r"coi noi)\b"
)


@dataclass(frozen=True)
class Question:
    """A citizen's question, taken apart.

    Attributes:
        text: as written, normalised (`knowledge.text.normalise`).
        facets: what is asked; empty when the question only names a procedure.
        codes: procedure codes spotted in it.
        parts: parts of codes: "1.0011" as it begins, "001193" or "1193" of its six digits.
        places: place mentions with their resolutions; a misspelled one has suggestions only.
        outside: another province, where the citizen wants it done, when no place of ours is named.
        subject: the text without the place mentions, for the search.
        words: folded syllables of the subject that carry meaning; empty when the question names no procedure
            ("bao nhiêu tiền vậy?"), which makes it a follow-up.
    """

    text: str
    facets: tuple[Facet, ...]
    codes: tuple[str, ...]
    places: tuple[Mention, ...]
    subject: str
    words: tuple[str, ...]
    parts: tuple[str, ...] = ()
    outside: Mention | None = None

    @property
    def only_place(self) -> bool:
        """Whether the text names a place and nothing else."""
        return bool(self.places) and not self.words and not self.facets and not self.codes

    @property
    def follow_up(self) -> bool:
        """Whether it asks facets of something named before."""
        return bool(self.facets) and not self.words and not self.codes


def read(text: str, on: date | None = None) -> Question:
    """Take a question apart.

    Args:
        text: what the citizen wrote, any length.
        on: the day for which places are resolved; today without it.
    """
    normal = texts.normalise(text[:2000])
    places = Gazetteer.load().find(normal, on)
    outside = None if places else Gazetteer.load().outside(normal)
    subject = normal
    for mention in sorted((*places, *filter(None, [outside])), key=lambda found: found.start, reverse=True):
        subject = f"{subject[: mention.start]} , {subject[mention.end :]}"
    subject = re.sub(r"\s*(?:(?<=\s)(?:ở|tại|o|tai)\s*)?,\s*", " , ", subject).strip(" ,")
    facets, runs = _facets.read(subject)
    return Question(
        text=normal,
        facets=facets,
        codes=tuple(texts.codes(normal)),
        places=places,
        subject=subject,
        words=tuple(word for run in runs for word in _meaning(run)),
        parts=_parts(normal),
        outside=outside,
    )


# Six digits behind a comma or a hyphen are a code too; fewer are one only where nothing measures them.
_PART = re.compile(
    r"(?<![\w.,/-])([1-9]) ?[.,-] ?(\d{3,6})(?![\d/-]|[.,]\d| ?(?:đồng|đ\b|vnd|m2|mét|triệu|trieu|tr\b|ngàn|nghìn|%))"
)
_DIGITS = re.compile(r"(?<![\w.,/-])(\d{4,7})(?![\w/-]|[.,]\d)")
_SAYS_CODE = re.compile(r"\b(?:mã|ma|thủ tục|thu tuc|tthc)\b", re.IGNORECASE)


def _parts(text: str) -> tuple[str, ...]:
    """Parts of codes in a text that names none in full."""
    if texts.codes(text):
        return ()
    said = _SAYS_CODE.search(text) is not None or not re.search(r"[^\W\d_]", text)
    # Three digits behind a point are rather a thousand.
    found = [f"{first}.{rest}" for first, rest in _PART.findall(text) if said or len(rest) > 3]
    if not found and said:
        found = [f"{one[0]}.{one[1:]}" if len(one) == 7 else one for one in _DIGITS.findall(text)]
    return tuple(dict.fromkeys(found))


def named_by(part: str, code: str) -> bool:
    """Whether a part of a code (see `Question.parts`) is one of this code."""
    return code.startswith(part) if "." in part else part in code[2:]


@dataclass(frozen=True)
class Two:
    """Two questions of one message.

    Attributes:
        first, second: each as if it had been asked alone; the places are those of the whole message.
        plain: each says what it asks ("làm khai sinh ở đâu và nhập hộ khẩu cần giấy gì"). Otherwise only what is asked
            about is named twice, and the search has to tell whether that is one procedure or two.
        more: there is a third question behind them.
    """

    first: Question
    second: Question
    plain: bool
    more: bool


_MOST_WORDS_OF_A_STORY = 5
# Behind these stands what is wanted, unless they only ask what is needed ("cần xin giấy phép gì").
_ACT = re.compile(r"\b(?:dang ky|giay phep|sang ten|tach (?:thua|ho)|cap (?:lai|doi|giay|so|the))\b(?! (?:gi|nao))")


def event(question: Question, on: date | None = None) -> LifeEvent | None:
    """The life event that is all a message tells; None when it also names what is to be done."""
    told = LifeEvents.load().told(question.subject)
    if told is None or question.codes:
        return None
    rest = read(told.rest, on)
    things = (found for found in Vocabulary.shipped().expand(rest.words) if found.end - found.start > 1)
    if len(rest.words) > _MOST_WORDS_OF_A_STORY or any(found.entry.kind != "actions" for found in things):
        return None
    if _ACT.search(texts.fold(told.rest)):
        return None
    return told.event


_AND = r"(?:và|va|với|voi|cùng với|còn|rồi|roi|đồng thời|dong thoi|sẵn|sẵn tiện|tiện thể|luôn tiện)"
_CUT = re.compile(rf"\s*(?:[,;.?!\n+&]+(?:\s+{_AND}\b)?(?=\s|$)|(?<=\s){_AND}(?=\s))\s*", re.IGNORECASE)
_MOST_CUTS = 8


def two(question: Question, on: date | None = None) -> Two | None:
    """The two questions of a message, None when it asks one. Whether both are answerable is for the search to tell."""
    if question.codes or len(question.words) < 2:
        return None
    loose: Two | None = None
    for first, second in _halves(question, on):
        if first.facets and second.facets:
            more = any(a.facets and b.facets for a, b in _halves(second, on))
            if more:
                second = next(a for a, b in _halves(second, on) if a.facets and b.facets)
            return Two(_placed(first, question), _placed(second, question), True, more)
        loose = loose or Two(_placed(first, question), _placed(second, question), False, False)
    return loose


def _halves(question: Question, on: date | None) -> Iterator[tuple[Question, Question]]:
    """Both sides of each place where the text may be cut, when both have a subject."""
    for place, cut in enumerate(_CUT.finditer(question.subject)):
        left, right = question.subject[: cut.start()], question.subject[cut.end() :]
        if place >= _MOST_CUTS or not left or not right:
            continue
        first, second = read(left, on), read(right, on)
        if first.words and second.words:
            yield first, second


def _placed(half: Question, whole: Question) -> Question:
    return replace(half, places=whole.places, outside=whole.outside)


def _meaning(run: list[str]) -> list[str]:
    """The syllables that carry meaning: no filler, or a part of an everyday word that the vocabulary knows."""
    kept = {place for place, word in enumerate(run) if word not in _FILLER and not word.isdigit()}
    for found in Vocabulary.shipped().expand(run):
        if found.end - found.start > 1 and found.entry.kind != "actions":
            kept.update(range(found.start, found.end))
    text = " ".join(run)
    for thing in _THINGS.finditer(text):
        start = text.count(" ", 0, thing.start())
        kept.update((start, start + 1))
    return [run[place] for place in sorted(kept)]
