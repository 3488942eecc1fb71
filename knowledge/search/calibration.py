"""The numbers of a version's search: weights of the ranking, the decision, and how honest the latter is.

They were fitted, not thought out: `python -m bench calibrate` makes and judges them. A version keeps its own copy,
`calibration.json`, with two sets of points (the probability given to the first hit, and whether it was right): real
questions that the fit had not seen, and questions made up from the version's own catalogue when it was built.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.search._decision import FEATURES
from knowledge.search._ranking import SIGNALS
from store.errors import Invalid

FILE = "calibration.json"
Point = tuple[float, bool]
_SHIPPED = Path(__file__).parent.parent / "data" / FILE


@dataclass(frozen=True)
class Logistic:
    """A logistic regression over the decision's features.

    Attributes:
        coefficients: one for each of `_decision.FEATURES`.
        bias: what is added to the weighted sum.
    """

    coefficients: NDArray[np.float64]
    bias: float

    def probability(self, values: NDArray[np.float64]) -> float:
        """The logistic function of the weighted sum of the features."""
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, float(values @ self.coefficients) + self.bias))))


@dataclass(frozen=True)
class Calibration:
    """What turns signals into a ranking and a ranking into a decision.

    Attributes:
        ranking: a weight for each of `_ranking.SIGNALS`, float32.
        domain: is the question about a procedure at all?
        right: is the first hit the right one?
        least_domain: below it the question is not known.
        least_right: from it on the first hit is the answer; below it the citizen is asked.
        worth_asking: how far a hit's score may lie behind the first to be asked about.
        points: real questions, judged by fits that had seen none of their procedures.
        measured: questions made up from the version's catalogue; empty in what ships with the program.
    """

    ranking: NDArray[np.float32]
    domain: Logistic
    right: Logistic
    least_domain: float
    least_right: float
    worth_asking: float
    points: tuple[Point, ...] = ()
    measured: tuple[Point, ...] = ()

    @staticmethod
    @lru_cache(maxsize=1)
    def shipped() -> Calibration:
        """The calibration that ships with the program; read once."""
        return Calibration.read(_SHIPPED)

    @staticmethod
    def of(folder: Path) -> Calibration:
        """The calibration of a version's folder; the shipped one where the folder has none.

        Raises:
            Invalid: the folder's file is damaged.
        """
        path = folder / FILE
        return Calibration.read(path) if path.exists() else Calibration.shipped()

    @staticmethod
    def read(path: Path) -> Calibration:
        """What `write` wrote.

        Raises:
            Invalid: the file cannot be read, or another release of the program made it.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            domain, right = (
                Logistic(_named(raw[name]["coefficients"], FEATURES), float(raw[name]["bias"]))
                for name in ("domain", "right")
            )
            limits = {name: float(raw["thresholds"][name]) for name in ("least_domain", "least_right", "worth_asking")}
            points, measured = (
                tuple((float(likely), bool(was)) for likely, was in raw[name]) for name in ("points", "measured")
            )
            weights = _named(raw["ranking"], SIGNALS).astype(np.float32)
            found = Calibration(weights, domain, right, points=points, measured=measured, **limits)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Invalid(
                f"The calibration {path.parent.name}/{path.name} cannot be used ({error}); "
                "run `motcua catalogue reindex`."
            ) from error
        if not all(0.0 <= likely <= 1.0 for likely, _ in (*found.points, *found.measured)):
            raise Invalid(f"The calibration {path.parent.name}/{path.name} holds a probability that is none.")
        return found

    def write(self, path: Path) -> None:
        """Write everything as JSON, by name and rounded, so that people can review it."""
        raw = {
            "ranking": _listed(SIGNALS, self.ranking),
            **{
                name: {"coefficients": _listed(FEATURES, model.coefficients), "bias": round(model.bias, 4)}
                for name, model in (("domain", self.domain), ("right", self.right))
            },
            "thresholds": {
                "least_domain": self.least_domain,
                "least_right": self.least_right,
                "worth_asking": self.worth_asking,
            },
        }
        points = {
            name: [[round(likely, 3), int(right)] for likely, right in held]
            for name, held in (("points", self.points), ("measured", self.measured))
        }
        text = json.dumps(raw, ensure_ascii=False, indent=1)[:-2]
        for name, held in points.items():
            text += f',\n "{name}": {json.dumps(held, separators=(",", ":"))}'
        path.write_text(text + "\n}\n", encoding="utf-8")

    def with_measured(self, measured: Sequence[Point]) -> Calibration:
        """The same with a version's own points."""
        return replace(self, measured=tuple(measured))


def _named(given: Mapping[str, Any], names: Sequence[str]) -> NDArray[np.float64]:
    if set(given) != set(names):
        raise ValueError(f"other features: {', '.join(sorted(set(given) ^ set(names)))}")
    values = np.array([float(given[name]) for name in names])
    if not np.isfinite(values).all():
        raise ValueError("a weight that is no number")
    return values


def _listed(names: Sequence[str], values: NDArray[Any]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}
