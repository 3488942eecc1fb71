"""Scores of the candidates from all legs, fused by a weighted sum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.search._features import pairs
from knowledge.search._index import Index
from knowledge.search._postings import Scored, best, letters
from knowledge.search._reading import Reading
from knowledge.search._variants import deciding, qualifiers

Floats = NDArray[np.float32]

_DEPTH = 30
_EXPANSION_FIELDS = 0.5
_EXPANSION_NAMES = 0.3
_ORGANISED: Final = re.compile(
    r"\b(?:cong ty|cty|doanh nghiep|to chuc|co quan nha|don vi|hop tac xa|chu dau tu|truong hoc|benh vien|chi nhanh)\b"
)

SIGNALS: Final = (
    "fields", "names", "letters", "dense_raw", "dense_expanded", "alias", "covered", "covering", "expanded_covering",
    "named", "unnamed", "missed", "done", "undone", "overdone", "citizen", "commune", "province", "common",
    "detailed", "long",
)  # fmt: skip


@dataclass(frozen=True)
class Ranked:
    """Candidates, best first.

    Attributes:
        rows: their rows in the index.
        scores: fused scores.
        signals: one column each for SIGNALS; shape (candidates, signals).
        alias: how well the best everyday name fits, whether or not its procedure is first.
    """

    rows: NDArray[np.int64]
    scores: Floats
    signals: Floats
    alias: float


def rank(reading: Reading, index: Index, weights: Floats) -> Ranked:
    """Score everything with the cheap legs, and fuse for the candidates that any of them puts forward."""
    legs = index.legs
    subject = pairs(reading.subject)
    single = dict.fromkeys(subject, 1.0)
    fields = legs["fields"].score(_with(single, reading, _EXPANSION_FIELDS))
    names = legs["names"].score(_with(single, reading, _EXPANSION_NAMES))
    shapes = _letters(reading.subject, index)
    alias = _alias(reading.subject, index)
    vectors = index.encoder.encode_question(reading.text, reading.subject, reading.expanded)
    put_forward = [leg.top(_DEPTH) for leg in (fields, names, shapes)]
    rows = np.unique(np.concatenate([*put_forward, best(alias, 10), index.vectors.nearest(vectors, _DEPTH)]))
    dense = index.vectors.rows[rows] @ vectors.T
    raw_words = legs["rarity"].score(dict.fromkeys(reading.subject, 1.0)).at(rows)
    all_words = legs["rarity"].score(dict.fromkeys(reading.expanded, 1.0)).at(rows)
    asked = sum(legs["rarity"].rarity(word) for word in set(reading.subject)) or 1.0
    weight = index.facts["weight"][rows] + np.float32(1e-6)
    spoken = qualifiers((*reading.tokens, "|", *reading.expanded), spoken=True)
    special = index.features[rows]
    acts = deciding()
    # Who says "tôi" and names no company asks for themselves.
    citizen = np.maximum(
        index.facts["citizen"][rows], np.float32(_ORGANISED.search(" ".join(reading.tokens)) is not None)
    )
    signals = np.column_stack(
        [
            fields.at(rows) / max(fields.most(rows), 1e-6),
            names.at(rows) / max(names.most(rows), 1e-6),
            shapes.at(rows),
            dense[:, 0],
            dense[:, 1],
            alias[rows],
            raw_words / asked,
            raw_words / weight,
            all_words / weight,
            (special & spoken & ~acts).sum(1),
            (special & ~spoken & ~acts).sum(1),
            (spoken & ~special & ~acts).sum(1),
            (special & spoken & acts).any(1),
            (spoken & acts).any() & ~(special & spoken & acts).any(1),
            (special & ~spoken & acts).sum(1),
            citizen,
            index.facts["commune"][rows],
            index.facts["province"][rows],
            index.facts["common"][rows],
            index.facts["detailed"][rows],
            index.facts["long"][rows],
        ]
    ).astype(np.float32)
    scores = signals @ weights
    order = np.lexsort((rows, -scores))
    return Ranked(rows[order], scores[order], signals[order], float(alias.max(initial=0.0)))


def _with(single: dict[str, float], reading: Reading, weight: float) -> dict[str, float]:
    query = dict(single)
    for phrase in reading.official:
        for term in pairs(phrase):
            query[term] = query.get(term, 0.0) + weight
    return query


def _letters(subject: Sequence[str], index: Index) -> Scored:
    leg = index.legs["letters"]
    counts = letters(subject)
    query = {gram: (1.0 + np.log(count)) * leg.rarity(gram) for gram, count in counts.items() if gram in leg.terms}
    norm = float(np.sqrt(sum(w * w for w in query.values()))) or 1.0
    return leg.score({gram: float(w) / norm for gram, w in query.items()})


def _alias(subject: Sequence[str], index: Index) -> Floats:
    """The best everyday name of each procedure: how much of it and of the question is the same (0 to 1)."""
    leg = index.legs["aliases"]
    asked = sum(leg.rarity(word) for word in set(subject)) or 1.0
    shared = leg.scores(dict.fromkeys(subject, 1.0))
    close = shared / (shared + (index.alias_weight - shared) + np.float32(0.5) * (np.float32(asked) - shared))
    found = np.zeros(len(index.codes), np.float32)
    held = np.flatnonzero(shared)
    np.maximum.at(found, index.alias_owner[held], close[held])
    return found
