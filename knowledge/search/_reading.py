"""One reading of a question for all legs of the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.search._spelling import Speller
from knowledge.search._stop import general_cues, law_cues, masks
from knowledge.text import codes, normalise, tokens
from knowledge.vocabulary import Ambiguity, Entry, Vocabulary, words

# A citizen's question is short; what is longer is a story, whose beginning says enough.
_LONGEST = 120
_LONGEST_TEXT = 2_000
_EXPANSION = 12
_GRADES = frozenset({"loai", "hang", "nhom"})
_ROMAN = {"1": "i", "2": "ii", "3": "iii", "4": "iv", "5": "v"}


@dataclass(frozen=True)
class Reading:
    """A question as the search sees it.

    Attributes:
        text: the cleaned beginning of the question.
        codes: procedure codes named in full.
        tokens: folded, corrected syllables.
        subject: the syllables that may say what it is about.
        entries: everyday phrases found in it.
        official: official syllables they stand for, without repetition of phrases.
        ambiguity: set when the subject alone fits several procedures.
        law: signs of a question about fines and offences.
        general: signs of a question about what the law says, not about getting something done.
        known: share of the subject's syllables that the catalogue or the vocabulary knows.
    """

    text: str
    codes: tuple[str, ...]
    tokens: tuple[str, ...]
    subject: tuple[str, ...]
    entries: tuple[Entry, ...]
    official: tuple[tuple[str, ...], ...]
    ambiguity: Ambiguity | None
    law: int
    general: int
    known: float

    @property
    def expanded(self) -> list[str]:
        """The subject, followed by the official words for it."""
        return [*self.subject, *(word for phrase in self.official for word in phrase)]


def _numbered(typed: list[str]) -> list[str]:
    """Grades as official names write them: "loại 1" as "loại I"."""
    return [
        _ROMAN[word] if place and word in _ROMAN and typed[place - 1] in _GRADES else word
        for place, word in enumerate(typed)
    ]


def read(text: str, vocabulary: Vocabulary, speller: Speller) -> Reading:
    """Read a question; any string is accepted."""
    text = normalise(text[:_LONGEST_TEXT])
    typed = _numbered(tokens(text)[:_LONGEST])
    marked: Sequence[str] | None = words(text)[:_LONGEST]
    folded = speller.correct(typed)
    if marked is None or len(marked) != len(folded):
        marked = None
    mask = masks(folded, marked)
    subject = [word for word, keep in zip(folded, mask.subject, strict=True) if keep]
    # "mất bao lâu" is no loss: what a frame holds is not looked up.
    found = vocabulary.expand(["" if held else word for word, held in zip(folded, mask.frame, strict=True)], marked)
    entries = tuple(expansion.entry for expansion in found)
    official = tuple(dict.fromkeys(entry.official[:_EXPANSION] for entry in entries))
    ambiguity = vocabulary.ambiguous(folded) or vocabulary.ambiguous(subject)
    known = sum(speller.knows(word) for word in subject) / len(subject) if subject else 0.0
    return Reading(
        text,
        tuple(codes(text)),
        tuple(folded),
        tuple(subject),
        entries,
        official,
        ambiguity,
        law_cues(folded),
        general_cues(folded),
        known,
    )
