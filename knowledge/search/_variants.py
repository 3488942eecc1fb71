"""Look-alikes: procedures that differ in a special feature only.

Most wrong first answers are the wrong variant of the right procedure. The general one is meant unless the question
names the special feature. The features are rows of `data/vocabulary/variants.tsv`: how official names put it, and how
citizens say it, and whether a feature decides by itself or only inclines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.text import tokens
from knowledge.vocabulary import rows

_LEVEL: Final = re.compile(
    r"\b(?:thuc hien |tiep nhan )?(?:tai |o )?(?:cong an )?cap (?:tinh|xa|huyen|trung uong)\b|\b(?:tai )?cong an xa\b"
)


@lru_cache(maxsize=1)
def _table() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, list[int]], dict[str, list[int]], NDArray[np.bool_]]:
    official: dict[str, list[int]] = {}
    spoken: dict[str, list[int]] = {}
    kinds: list[bool] = []
    for number, row in enumerate(rows("variants.tsv", 3)):
        kinds.append(row[2] == "deciding")
        for form in row[0].split(" | "):
            official.setdefault(" ".join(tokens(form)), []).append(number)
        for form in (*row[0].split(" | "), *row[1].split(" | ")):
            key = " ".join(tokens(form))
            if number not in spoken.setdefault(key, []):
                spoken[key].append(number)
    return _pattern(official), _pattern(spoken), official, spoken, np.array(kinds)


def _pattern(forms: dict[str, list[int]]) -> re.Pattern[str]:
    # A look-ahead finds forms that overlap; longer ones first.
    longest = sorted(forms, key=len, reverse=True)
    return re.compile(r"(?=\b(" + "|".join(map(re.escape, longest)) + r")\b)")


def deciding() -> NDArray[np.bool_]:
    """Which features decide by themselves: what is to be done (renew, correct, close), and a foreigner."""
    return _table()[4]


def qualifiers(folded: Sequence[str], *, spoken: bool) -> NDArray[np.bool_]:
    """Which special features a text names; one per row of the table.

    Args:
        folded: folded syllables.
        spoken: also accept the ways citizens say it (a question), not only the official ones (a name).
    """
    in_names, in_speech, official, said, kinds = _table()
    found = np.zeros(len(kinds), np.bool_)
    pattern, forms = (in_speech, said) if spoken else (in_names, official)
    for match in pattern.finditer(" ".join(folded)):
        found[forms[match[1]]] = True
    return found


def family(folded: Sequence[str]) -> str:
    """A name without the level of the office: procedures of one family are the same thing at another counter."""
    text = _LEVEL.sub(" ", " ".join(folded))
    return " ".join(word for word in text.split() if word not in {"thu", "tuc"})
