"""Whether to answer, to ask back, or to say that it is not known.

Two logistic regressions over a few scores: is the question about a procedure at all, and is the first hit the right
one. Their coefficients stand in `_weights.py` and come from `python -m bench calibrate`.
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
    "covered",
    "expanded_covering",
    "dense_raw",
    "dense_expanded",
    "alias",
    "known",
    "law",
    "entries",
)
_COLUMN: Final = {name: number for number, name in enumerate(SIGNALS)}


def features(reading: Reading, ranked: Ranked, index: Index) -> NDArray[np.float64]:
    """What the decision looks at; shape (len(FEATURES),). At least one candidate is needed."""
    top = ranked.rows[0]
    others = ranked.scores[index.families[ranked.rows] != index.families[top]]
    best = float(ranked.scores[0])
    gap = best - float(others[0]) if len(others) else best
    signal = ranked.signals[0]
    return np.array(
        [
            best,
            gap,
            signal[_COLUMN["covered"]],
            signal[_COLUMN["expanded_covering"]],
            signal[_COLUMN["dense_raw"]],
            signal[_COLUMN["dense_expanded"]],
            ranked.alias,
            reading.known,
            min(reading.law, 2),
            min(len(reading.entries), 3),
        ],
        np.float64,
    )


def probability(values: NDArray[np.float64], coefficients: NDArray[np.float64], bias: float) -> float:
    """The logistic function of the weighted sum."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, float(values @ coefficients) + bias))))
