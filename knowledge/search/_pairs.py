"""Made-up questions to train the static model on, generated from the catalogue itself.

A question is a piece of a procedure's name in which official words are put the way people say them, with a typing slip
now and then; or one of its everyday names; or a sentence of its steps and papers. Everything is folded.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import count

from knowledge.procedures import Procedure
from knowledge.search._folding import folded
from knowledge.search._stop import subject
from knowledge.text import tokens
from knowledge.vocabulary import Vocabulary

_TOKEN = re.compile(r"[a-z0-9]+")
_BEFORE = (
    *[""] * 5,
    *["toi muon", "cho hoi", "muon", "em can", "lam sao de", "can", "hoi ve", "nha toi", "xin hoi", "o xa toi"],
)
_AFTER = (
    *[""] * 5,
    *["o dau", "can giay to gi", "nhu the nao", "bao lau", "o xa", "mat bao nhieu tien", "co duoc khong", "moi nhat"],
)
_NEAR = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "g": "fh", "h": "gj", "i": "uo", "k": "jl", "l": "k",
    "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb",
    "x": "zc", "y": "tu",
}  # fmt: skip
_SENTENCES = 8
_SENTENCE_TEXT = 2500


class Pairs:
    """A generator of (question, procedure) pairs.

    Args:
        procedures: the catalogue.
        vocabulary: everyday words; used backwards here.
        seed: the same seed gives the same pairs.
    """

    def __init__(self, procedures: Sequence[Procedure], vocabulary: Vocabulary, seed: int) -> None:
        self._procedures = procedures
        self._random = random.Random(seed)
        self._spoken = _reversed(vocabulary)
        self._casual = [(f" {official} ", said) for official, said in vocabulary.casual]
        self._everyday = aliases(procedures, vocabulary)

    def generate(self, per_procedure: int) -> Iterator[tuple[list[str], int]]:
        """Pairs of a question's content (folded syllables) and the number of its procedure."""
        for number, procedure in enumerate(self._procedures):
            made = self._questions(number)
            for _ in range(per_procedure):
                question = next(made).split()
                yield subject(question) or question, number
            for sentence in self._sentences(procedure):
                yield sentence, number

    def sample(self, most: int) -> Iterator[tuple[str, int]]:
        """Whole questions, at most one a procedure, about procedures chosen by chance, and their numbers."""
        every = range(len(self._procedures))
        for number in self._random.sample(every, min(most, len(every))):
            made = self._questions(number)
            # The first is an everyday name as the index holds it, which would be too easy.
            next(made)
            yield next(made), number

    def _questions(self, number: int) -> Iterator[str]:
        name = re.sub(r"\([^)]*\)", " ", self._procedures[number].name)
        core = f" {' '.join(tokens(name)).removeprefix('thu tuc ')} "
        spoken = [(f" {o} ", said) for o, said in self._spoken.items() if f" {o} " in core]
        spoken.sort(key=lambda pair: -len(pair[0]))
        casual = [pair for pair in self._casual if pair[0] in core]
        everyday = self._everyday[number]
        for turn in count():
            if everyday and turn % 3 == 0:
                text = " ".join(self._random.choice(everyday))
            else:
                text = self._said(self._piece(core.split()), spoken[:3], casual)
            yield self._framed(text)

    def _piece(self, words: list[str]) -> str:
        chance = self._random
        if len(words) > 9 and chance.random() < 0.75:
            if chance.random() < 0.5:
                size = chance.randint(5, min(len(words), 12))
                start = 0 if chance.random() < 0.6 else chance.randint(0, len(words) - size)
                words = words[start : start + size]
            else:
                keep = chance.uniform(0.5, 0.9)
                words = [word for word in words if chance.random() < keep] or words
        elif chance.random() < 0.3:
            words = [word for word in words if chance.random() < 0.85] or words
        return " ".join(words)

    def _said(
        self, text: str, spoken: list[tuple[str, tuple[str, ...]]], casual: list[tuple[str, tuple[str, ...]]]
    ) -> str:
        chance = self._random
        text = f" {text} "
        if chance.random() < 0.8:
            for official, said in spoken:
                if official in text and chance.random() < 0.7:
                    text = text.replace(official, f" {chance.choice(said)} ")
            for official, said in casual:
                if official in text and chance.random() < 0.5:
                    text = text.replace(official, f" {chance.choice(said)} ")
        return text.strip()

    def _framed(self, text: str) -> str:
        chance = self._random
        text = f"{chance.choice(_BEFORE)} {text} {chance.choice(_AFTER)}".strip()
        return self._slips(text) if chance.random() < 0.4 else text

    def _slips(self, text: str) -> str:
        chance = self._random
        out: list[str] = []
        for index, char in enumerate(text):
            if char == " " or chance.random() >= 0.03:
                out.append(char)
                continue
            kind = chance.random()
            if kind < 0.3:
                continue
            if kind < 0.55 and index and out and out[-1] != " ":
                out.insert(len(out) - 1, char)
            elif kind < 0.8:
                out.append(chance.choice(_NEAR.get(char, char)))
            else:
                out.append(char * 2)
        return "".join(out)

    def _sentences(self, procedure: Procedure) -> list[list[str]]:
        papers = (item.name for case in procedure.documents for item in case.items)
        text = folded(". ".join((*procedure.steps, *papers, *procedure.results))[:_SENTENCE_TEXT])
        parts = [_TOKEN.findall(part) for part in re.split(r"[.;:\n]| - ", text)]
        parts = [part for part in parts if 5 <= len(part) <= 40]
        self._random.shuffle(parts)
        return parts[:_SENTENCES]


def _reversed(vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Official phrases, whole and without their first verb, with the everyday ways to say them."""
    found: dict[str, list[str]] = {}
    for entry in vocabulary.entries:
        if entry.kind != "terms":
            continue
        official = " ".join(entry.official)
        forms = [official]
        for verb in ("dang ky ", "cap ", "cong nhan ", "huong ", "giai quyet "):
            if official.startswith(verb) and len(entry.official) > 3:
                forms.append(official.removeprefix(verb))
        for form in forms:
            found.setdefault(form, []).append(" ".join(entry.key))
    return {official: tuple(dict.fromkeys(said)) for official, said in found.items()}


def aliases(procedures: Sequence[Procedure], vocabulary: Vocabulary) -> list[list[tuple[str, ...]]]:
    """For each procedure, its everyday names as folded syllables: its own and those the vocabulary has by code."""
    by_code: dict[str, list[tuple[str, ...]]] = {}
    for entry in vocabulary.entries:
        for code in entry.codes:
            by_code.setdefault(code, []).append(entry.key)
    found = []
    for procedure in procedures:
        own = [tuple(tokens(name)) for name in procedure.everyday]
        found.append(list(dict.fromkeys(name for name in (*own, *by_code.get(procedure.code, [])) if name)))
    return found
