"""What a text looks like to the static model: folded syllables, pairs of neighbours, letters in threes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise


@lru_cache(maxsize=20_000)
def _threes(word: str) -> tuple[str, ...]:
    if len(word) < 3:
        return ()
    framed = f"<{word}>"
    return tuple("#" + framed[i : i + 3] for i in range(len(framed) - 2))


def pairs(tokens: Sequence[str]) -> list[str]:
    """The syllables and each two neighbours joined by an underscore."""
    return [*tokens, *(f"{a}_{b}" for a, b in pairwise(tokens))]


def features(tokens: Sequence[str]) -> list[str]:
    """The features of a text, in a stable order; empty for no tokens."""
    found = pairs(tokens)
    for word in tokens:
        found.extend(_threes(word))
    return found
