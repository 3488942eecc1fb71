"""Reading a citizen's question: which facets it asks about, which place and code it names, and what is left.

A question may ask two things at once ("cần giấy gì, bao nhiêu tiền"), so the facets are a set. The cues are matched on
folded text, hence with and without diacritics alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from knowledge import _facets
from knowledge import text as texts
from knowledge._facets import Facet
from knowledge.places import Gazetteer, Mention
from knowledge.vocabulary import Vocabulary

__all__ = ["Facet", "Question", "read"]


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
        places: place mentions with their resolutions.
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
    subject = normal
    for mention in sorted(places, key=lambda found: found.start, reverse=True):
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
    )


def _meaning(run: list[str]) -> list[str]:
    """The syllables that carry meaning: no filler, or a part of an everyday word that the vocabulary knows."""
    kept = {place for place, word in enumerate(run) if word not in _FILLER and not word.isdigit()}
    for found in Vocabulary.load().expand(run):
        if found.end - found.start > 1 and found.entry.kind != "actions":
            kept.update(range(found.start, found.end))
    text = " ".join(run)
    for thing in _THINGS.finditer(text):
        start = text.count(" ", 0, thing.start())
        kept.update((start, start + 1))
    return [run[place] for place in sorted(kept)]
