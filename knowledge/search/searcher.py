"""The search of one version of the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from knowledge.search import _decision, _index
from knowledge.search._ranking import SIGNALS, Ranked, rank
from knowledge.search._reading import Reading, read
from knowledge.search.calibration import Calibration
from knowledge.search.findings import Decision, Findings, Hit
from knowledge.vocabulary import Vocabulary

_MOST_CHOICES = 4
# The temperature of the ranking's fit.
_SHARPNESS = 8.0
_TAIL = re.compile(r"(?<![\d.,/-])(\d{6})(?![\d/.-])")
# Words without which six digits are more likely a date, a plot or a sum of money.
_SAYS_CODE = re.compile(r"\b(?:mã|ma|thủ tục|thu tuc|tthc|số hiệu)\b", re.IGNORECASE)


class Searcher:
    """Finds procedures in citizens' own words. Safe to use from several threads."""

    def __init__(self, index: _index.Index, vocabulary: Vocabulary, calibration: Calibration | None = None) -> None:
        self._index = index
        self._vocabulary = vocabulary
        self.calibration = calibration or Calibration.shipped()

    @staticmethod
    def load(folder: Path) -> Searcher:
        """The search that `build` wrote into a folder.

        Raises:
            Invalid: the folder holds no index, or a damaged one.
        """
        return Searcher(_index.load(folder), Vocabulary.of(folder), Calibration.of(folder))

    def with_vocabulary(self, vocabulary: Vocabulary) -> Searcher:
        """The same index read with other words: what they do to answers before a version is built with them."""
        return Searcher(self._index, vocabulary, self.calibration)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all procedures that can be found."""
        return tuple(self._index.codes)

    def kin(self, one: str, other: str) -> bool:
        """Whether two codes are one procedure, or the same thing at another counter."""
        number = self._index.number
        if one == other or one not in number or other not in number:
            return one == other
        return bool(self._index.families[number[one]] == self._index.families[number[other]])

    def search(self, text: str, *, limit: int = 5) -> Findings:
        """Find what a question is about.

        Args:
            text: any string; what about the procedure is asked, and where the citizen lives, may still be in it.
            limit: how many hits to give at most; an `ask` never gives more than four.
        """
        reading = read(text, self._vocabulary, self._index.speller)
        named = self._named(reading)
        if named is not None:
            return named
        redirect = self._vocabulary.redirect_in(reading.tokens)
        if not reading.subject:
            return Findings("unknown", (), domain=0.0, redirect=redirect)
        if reading.ambiguity is not None:
            choices = [c for c in reading.ambiguity.choices if c.code in self._index.number]
            if len(choices) > 1:
                share = 1.0 / len(choices)
                hits = tuple(Hit(c.code, share, share, label=c.label) for c in choices[:_MOST_CHOICES])
                question = reading.ambiguity.question
                return Findings("ask", hits, question, redirect=redirect, subject=reading.subject)
        fitted = self.calibration
        ranked = rank(reading, self._index, fitted.ranking)
        if not len(ranked.rows):
            return Findings("unknown", (), domain=0.0, redirect=redirect, subject=reading.subject)
        values = _decision.features(reading, ranked, self._index)
        domain = fitted.domain.probability(values)
        right = fitted.right.probability(values)
        ranking = hits = self._hits(ranked, right, limit)
        decision: Decision
        if domain < fitted.least_domain:
            decision = "unknown"
        elif right >= fitted.least_right or len(self._choices(hits)) < 2:
            decision = "answer"
        else:
            decision = "ask"
            hits = self._choices(hits)
        return Findings(decision, hits, domain=domain, redirect=redirect, subject=reading.subject, ranking=ranking)

    def _named(self, reading: Reading) -> Findings | None:
        """The procedures that the text names by code, in full or by the last six digits."""
        number = self._index.number
        found = [code for code in reading.codes if code in number]
        if not found and not reading.codes:
            clean = reading.text
            alone = not re.search(r"[^\W\d_]", clean)
            if alone or _SAYS_CODE.search(clean):
                ends = set(_TAIL.findall(clean))
                found = [code for code in self._index.codes if code[2:8] in ends] if ends else []
        if not found and reading.codes and not any(word.isalpha() for word in reading.subject):
            return Findings("unknown", (), domain=0.0, subject=reading.subject)
        if not found:
            return None
        hits = tuple(Hit(code, 1.0, 1.0 / len(found)) for code in found[:_MOST_CHOICES])
        return Findings("answer" if len(hits) == 1 else "ask", hits, subject=reading.subject)

    def _hits(self, ranked: Ranked, right: float, limit: int) -> tuple[Hit, ...]:
        count = min(max(limit, _MOST_CHOICES + 2), len(ranked.rows))
        scores = ranked.scores[:count].astype(np.float64)
        rest = np.exp(_SHARPNESS * (scores[1:] - scores[0]))
        shares = (1.0 - right) * rest / (rest.sum() or 1.0)
        likely = [right, *np.minimum(shares, right).tolist()]
        return tuple(
            Hit(
                self._index.codes[row],
                float(ranked.scores[place]),
                float(likely[place]),
                dict(zip(SIGNALS, map(float, ranked.signals[place]), strict=True)),
            )
            for place, row in enumerate(ranked.rows[:count])
        )[: max(limit, 1)]

    def _choices(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """The hits worth asking about: the first of each family, none that is far behind."""
        seen: set[int] = set()
        chosen: list[Hit] = []
        for hit in hits:
            family = int(self._index.families[self._index.number[hit.code]])
            if family in seen or (len(chosen) > 1 and hits[0].score - hit.score > self.calibration.worth_asking):
                continue
            seen.add(family)
            chosen.append(hit)
        return tuple(chosen[:_MOST_CHOICES])
