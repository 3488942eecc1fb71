"""Vectors of texts: the static model served without torch, or any sentence-transformers model; and FAISS over them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.search._features import features
from knowledge.text import tokens
from store.errors import Invalid

Floats = NDArray[np.float32]

# One question is too little work to split: waking threads costs a hundred times what they save.
faiss.omp_set_num_threads(1)


class Encoder(Protocol):
    """Turns texts into vectors of length 1."""

    def encode_names(self, names: Sequence[str]) -> Floats:
        """Vectors of official names as they are written; shape (names, dims)."""
        ...

    def encode_question(self, text: str, subject: Sequence[str], expanded: Sequence[str]) -> Floats:
        """A question's vectors, as asked and with official words added; shape (2, dims).

        Args:
            text: the cleaned question as it was written.
            subject: its folded syllables without stop words.
            expanded: the same, with the official words for them.
        """
        ...


class StaticEncoder:
    """The static model of a folder, read by memory map: the mean of its features' rows, brought to length 1.

    Gives what `SentenceTransformer(folder).encode(" ".join(features(tokens)))` gives, normalised.
    """

    def __init__(self, folder: Path) -> None:
        data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        self._number: dict[str, int] = data["model"]["vocab"]
        self._rows = _mapped(folder / "model.safetensors", "embedding.weight")

    def encode(self, texts: Sequence[Sequence[str]]) -> Floats:
        """Vectors of texts given as folded syllables; shape (texts, dims)."""
        out = np.zeros((len(texts), self._rows.shape[1]), np.float32)
        number = self._number
        for row, text in enumerate(texts):
            found = [number.get(feature, 0) for feature in features(text)]
            if found:
                vector = self._rows[found].mean(axis=0)
                out[row] = vector / (float(np.linalg.norm(vector)) or 1.0)
        return out

    def encode_names(self, names: Sequence[str]) -> Floats:
        return self.encode([tokens(name) for name in names])

    def encode_question(self, text: str, subject: Sequence[str], expanded: Sequence[str]) -> Floats:
        return self.encode([subject, expanded])


class TransformerEncoder:
    """Any sentence-transformers model; texts go in as people wrote them.

    Raises:
        Invalid: the model cannot be found or loaded.
    """

    def __init__(self, model: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(model, device="cpu")
        except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
            raise Invalid(
                f"MOTCUA_KNOWLEDGE__MODEL names {model!r}, which sentence-transformers cannot load: {error}"
            ) from error

    def encode_names(self, names: Sequence[str]) -> Floats:
        vectors = self._model.encode(list(names), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    def encode_question(self, text: str, subject: Sequence[str], expanded: Sequence[str]) -> Floats:
        # Such a model knows everyday words itself, and reads diacritics that folded words have lost.
        return np.repeat(self.encode_names([text]), 2, axis=0)


def _mapped(file: Path, name: str) -> Floats:
    """One matrix of a safetensors file, mapped and not read.

    The format: eight bytes (little endian) with the length of a JSON heading, the heading, the raw numbers.
    """
    with file.open("rb") as raw:
        length = int.from_bytes(raw.read(8), "little")
        heading: dict[str, Any] = json.loads(raw.read(length))
    about = heading[name]
    if about["dtype"] != "F32":
        raise Invalid(f"{file.name} holds {about['dtype']} numbers; F32 is expected")
    offset = 8 + length + about["data_offsets"][0]
    return np.memmap(file, np.float32, "r", offset, tuple(about["shape"]))


def make_index(vectors: Floats) -> Any:
    """A flat inner-product index over the rows."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors, np.float32))
    return index


def vectors_of(index: Any) -> Floats:
    """The rows inside a flat index, without a copy; valid as long as the index is."""
    flat = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
    return np.asarray(flat).reshape(index.ntotal, index.d)
