"""Numbers that were fitted, not thought out; `python -m bench calibrate` makes them again."""

from __future__ import annotations

from typing import Final

import numpy as np

from knowledge.search._ranking import SIGNALS

RANKING: Final[dict[str, float]] = {
    "fields": 0.25,
    "names": 0.15,
    "letters": 0.1,
    "dense_raw": 0.25,
    "dense_expanded": 0.25,
    "alias": 0.3,
    "covered": 0.1,
    "covering": 0.05,
    "expanded_covering": 0.05,
    "named": 0.02,
    "unnamed": -0.04,
    "missed": -0.02,
    "done": 0.03,
    "undone": -0.04,
    "overdone": -0.04,
    "citizen": 0.02,
    "commune": 0.02,
    "province": 0.0,
    "common": 0.02,
    "detailed": 0.02,
    "long": 0.0,
}

WEIGHTS: Final = np.array([RANKING[name] for name in SIGNALS], np.float32)

DOMAIN: Final = np.array([4.0, 2.0, 0.0, 3.0, 0.0, 3.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0, -2.0, 0.5])
DOMAIN_BIAS: Final = -5.0
RIGHT: Final = np.array([2.0, 8.0, 0.0, 2.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.5, 0.0, -0.5, 0.2])
RIGHT_BIAS: Final = -4.0
LEAST_DOMAIN: Final = 0.3
LEAST_RIGHT: Final = 0.6
WORTH_ASKING: Final = 0.35
