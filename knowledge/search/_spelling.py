"""Slips of typing: a syllable that the catalogue does not know becomes the likeliest known one at one edit's distance.

The catalogue's own text says which syllables there are and which follow which.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from knowledge.text import is_syllable

_OFTEN = 40


class Speller:
    """Corrects folded syllables.

    Args:
        counts: how often each known syllable occurs.
        following: how often one known syllable follows another, keyed "first second".
    """

    def __init__(self, counts: dict[str, int], following: dict[str, int]) -> None:
        self._counts = counts
        self._following = following
        self._deletes: dict[str, list[str]] = {}
        for word in counts:
            if len(word) > 1 and word.isalpha():
                for form in _without_one(word):
                    self._deletes.setdefault(form, []).append(word)

    @staticmethod
    def learn(texts: Iterable[Sequence[str]], phrases: Iterable[Sequence[str]]) -> Speller:
        """Count the catalogue's texts, and everyday phrases as if each occurred often."""
        counts: Counter[str] = Counter()
        following: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
            following.update(f"{a} {b}" for a, b in pairwise(text))
        # What one clerk mistyped once is not a word; long "words" are glued cells.
        known = {w: c for w, c in counts.items() if c >= 3 and w.isalpha() and len(w) <= 7}
        for phrase in phrases:
            for word in phrase:
                known[word] = max(known.get(word, 0), 200)
            following.update({f"{a} {b}": 50 for a, b in pairwise(phrase)})
        often = {
            pair: count
            for pair, count in following.items()
            if count >= 3 and all(word in known for word in pair.split())
        }
        return Speller(known, often)

    def knows(self, word: str) -> bool:
        """Whether the syllable occurs in the catalogue or the vocabulary."""
        return word in self._counts

    def correct(self, tokens: Sequence[str]) -> list[str]:
        """The tokens with unknown ones replaced where a known one is near; same length."""
        out = list(tokens)
        for place, word in enumerate(tokens):
            if len(word) < 2 or len(word) > 9 or word in self._counts or not word.isalpha():
                continue
            near = {c for form in _without_one(word) for c in self._deletes.get(form, ()) if _one_edit(word, c)}
            # A possible syllable may be a word of its own (a name): only its neighbours can tell otherwise.
            alone = not is_syllable(word)
            if near:
                before = out[place - 1] if place else ""
                after = tokens[place + 1] if place + 1 < len(tokens) else ""
                if not alone:
                    near = {c for c in near if self._together(before, c) or self._together(c, after)}
                if near:
                    out[place] = max(sorted(near), key=lambda c: self._likely(word, c, before, after))
        return out

    def _together(self, first: str, second: str) -> bool:
        return self._following.get(f"{first} {second}", 0) >= _OFTEN

    def _likely(self, word: str, candidate: str, before: str, after: str) -> float:
        score = math.log(self._counts[candidate])
        score += 2 * math.log1p(self._following.get(f"{before} {candidate}", 0))
        score += 2 * math.log1p(self._following.get(f"{candidate} {after}", 0))
        return score + 0.8 * (len(candidate) == len(word)) + 0.5 * (candidate[0] == word[0])

    def as_json(self) -> dict[str, Any]:
        """What `Speller(**…)` takes."""
        return {"counts": self._counts, "following": self._following}


def _without_one(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _one_edit(a: str, b: str) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbours turns a into b."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    if len(a) == len(b):
        rest_a, rest_b = a[start:], b[start:]
        return rest_a[1:] == rest_b[1:] or (
            len(rest_a) > 1 and rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
        )
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return longer[start + 1 :] == shorter[start:]
