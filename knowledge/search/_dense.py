"""Vectors of texts: the static model served without torch, or any sentence-transformers model; and FAISS over them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from knowledge.search._features import features
from knowledge.text import tokens
from store.errors import Invalid

Floats = NDArray[np.float32]

# Rows above which not every vector is compared; then, cells looked into, and the training of the cells.
LARGE: Final = 20_000
_PROBES: Final = 12
_ROUNDS: Final = 8
_PER_CELL: Final = 40
_KINDS: Final = {"F32": np.float32, "F64": np.float64, "I32": np.int32, "I64": np.int64, "BOOL": np.bool_}

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
        self._rows: Floats = mapped(folder / "model.safetensors")["embedding.weight"]

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


def mapped(file: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a safetensors file, mapped and not read: processes that search one version share its memory.

    The format: eight bytes (little endian) with the length of a JSON heading, the heading, the raw numbers.

    Raises:
        Invalid: the file is shorter than its heading says, or holds numbers of another kind.
    """
    with file.open("rb") as raw:
        length = int.from_bytes(raw.read(8), "little")
        heading: dict[str, Any] = json.loads(raw.read(length))
    heading.pop("__metadata__", None)
    whole = np.asarray(np.memmap(file, np.uint8, "r", 8 + length))
    found = {}
    for name, about in heading.items():
        kind = _KINDS.get(about["dtype"])
        start, end = about["data_offsets"]
        if kind is None or end > len(whole):
            raise Invalid(f"{file.name} is damaged: {name} cannot be read")
        found[name] = whole[start:end].view(kind).reshape(about["shape"])
    return found


class Vectors:
    """One vector a procedure, and the nearest to a question found by FAISS.

    Up to `LARGE` rows each is compared. Above, an inverted file of cells (IVF) with one byte a number puts forward
    candidates, whose exact products are then taken from the rows.

    Attributes:
        rows: the vectors; shape (procedures, dims).
    """

    def __init__(self, rows: Floats, index: Any) -> None:
        self.rows = rows
        self._index = index

    @staticmethod
    def make(rows: Floats, *, flat: bool = False) -> Vectors:
        """Index the vectors of a catalogue; `flat` compares each, however many there are."""
        rows = np.ascontiguousarray(rows, np.float32)
        count, dims = rows.shape
        index: Any
        if flat or count <= LARGE:
            index = faiss.IndexFlatIP(dims)
        else:
            cells = int(4 * count**0.5)
            index = faiss.IndexIVFScalarQuantizer(
                faiss.IndexFlatIP(dims), dims, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
            )
            index.cp.niter = _ROUNDS
            chance = np.random.default_rng(0)
            index.train(rows[np.sort(chance.choice(count, min(count, _PER_CELL * cells), replace=False))])
            index.nprobe = _PROBES
        index.add(rows)
        return Vectors(rows, index)

    def nearest(self, questions: Floats, depth: int) -> NDArray[np.int64]:
        """The rows with the highest inner products with any of the questions."""
        _, found = self._index.search(questions, min(depth, len(self.rows)))
        found = found.ravel()
        return np.asarray(found[found >= 0], np.int64)

    def save(self, folder: Path) -> None:
        """Write `vectors.faiss`, and `vectors.npy` where the index does not hold the rows themselves."""
        faiss.write_index(self._index, str(folder / "vectors.faiss"))
        if len(self.rows) > LARGE:
            np.save(folder / "vectors.npy", self.rows, allow_pickle=False)

    @staticmethod
    def load(folder: Path) -> Vectors:
        """What `save` wrote.

        Raises:
            OSError, RuntimeError, ValueError: a file is missing or damaged.
        """
        index: Any = faiss.read_index(str(folder / "vectors.faiss"))
        if index.ntotal <= LARGE:
            # The rows inside a flat index, without a copy; valid as long as the index is.
            flat = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
            return Vectors(np.asarray(flat).reshape(index.ntotal, index.d), index)
        index.nprobe = _PROBES
        return Vectors(np.asarray(np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)), index)
