"""Whether to answer, to ask back, or to say that it is not known.

Two logistic regressions over what stands here: is the question about a procedure at all, and is the first hit the right
one. Their coefficients are a version's calibration (`calibration.py`).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.search._index import Index
from knowledge.search._ranking import SIGNALS, Ranked
from knowledge.search._reading import Reading

FEATURES: Final = (
    "score",
    "gap",
    "kin_gap",
    "covered",
    "expanded_covering",
    "dense_raw",
    "dense_expanded",
    "alias",
    "known",
    "law",
    "general",
    "entries",
    "unnamed",
    "undone",
    "overdone",
    "agreed",
    "length",
)
_COLUMN: Final = {name: number for number, name in enumerate(SIGNALS)}
_LEGS: Final = ("fields", "names", "letters", "dense_raw", "dense_expanded")


def features(reading: Reading, ranked: Ranked, index: Index) -> NDArray[np.float64]:
    """What the decision looks at; shape (len(FEATURES),). At least one candidate is needed."""
    families = index.families[ranked.rows]
    others = ranked.scores[families != families[0]]
    best = float(ranked.scores[0])
    gap = best - float(others[0]) if len(others) else best
    signal = dict(zip(SIGNALS, ranked.signals[0].tolist(), strict=True))
    agreed = [families[int(np.argmax(ranked.signals[:, _COLUMN[leg]]))] == families[0] for leg in _LEGS]
    return np.array(
        [
            best,
            gap,
            best - float(ranked.scores[1]) if len(ranked.scores) > 1 else best,
            signal["covered"],
            signal["expanded_covering"],
            signal["dense_raw"],
            signal["dense_expanded"],
            ranked.alias,
            reading.known,
            min(reading.law, 2),
            min(reading.general, 2),
            min(len(reading.entries), 3),
            min(signal["unnamed"], 3),
            signal["undone"],
            min(signal["overdone"], 3),
            sum(agreed) / len(_LEGS),
            math.log1p(len(reading.subject)),
        ],
        np.float64,
    )
