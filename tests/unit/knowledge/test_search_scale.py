"""What makes a large catalogue fast gives what scoring everything gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search import _dense, _postings
from knowledge.search._dense import Vectors, mapped
from knowledge.search._folding import folded
from knowledge.search._postings import Postings, bm25, tfidf
from knowledge.text import fold
from store.errors import Invalid

WORDS = [f"w{i}" for i in range(60)]


def _bags(count: int) -> list[dict[str, float]]:
    chance = np.random.default_rng(3)
    return [
        {WORDS[min(int(w), 59)]: 1.0 + i % 2 for i, w in enumerate(chance.exponential(12, 8))} for _ in range(count)
    ]


@pytest.mark.parametrize("make", [bm25, tfidf])
def test_candidates_of_rare_words_hold_the_best_rows_with_their_exact_scores(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[list[dict[str, float]]], Postings]
) -> None:
    bags = _bags(400)
    whole = make(bags)
    monkeypatch.setattr(_postings, "LARGE", 100)
    large = make(bags)
    assert whole.by_row is None
    assert large.by_row is not None
    restored = Postings.restore("x", large.arrays("x"), list(large.terms))
    for row in range(0, 400, 40):
        query = dict(bags[row])
        exact = whole.scores(query)
        scored = restored.score(query)
        rows = np.sort(scored.top(10))
        assert int(np.argmax(exact)) in rows
        np.testing.assert_allclose(scored.at(rows), exact[rows], rtol=1e-5)
        assert scored.most(rows) == pytest.approx(float(exact.max()), rel=1e-5)
    assert not len(restored.score({"unknown": 1.0}).top(10))
    assert restored.score({"unknown": 1.0}).at(np.array([1, 2])).tolist() == [0.0, 0.0]


def test_cells_find_the_nearest_and_survive_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dense, "LARGE", 1000)
    chance = np.random.default_rng(1)
    rows = chance.standard_normal((5000, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    made = Vectors.make(rows)
    made.save(tmp_path)
    loaded = Vectors.load(tmp_path)
    asked = rows[::250] + chance.normal(0, 0.05, (20, 16)).astype(np.float32)
    exact = (rows @ asked.T).argmax(axis=0)
    for vectors in (made, loaded):
        found = [int(best) in vectors.nearest(question[None], 30) for question, best in zip(asked, exact, strict=True)]
        assert sum(found) >= 19
    assert np.array_equal(loaded.rows, rows)
    (tmp_path / "vectors.npy").unlink()
    with pytest.raises(OSError, match=r"vectors\.npy"):
        Vectors.load(tmp_path)


def test_few_vectors_are_compared_one_by_one() -> None:
    rows = np.eye(4, dtype=np.float32)
    assert Vectors.make(rows).nearest(rows[2:3], 10).tolist()[0] == 2
    assert faiss.omp_get_max_threads() == 1


def test_a_cut_off_file_of_arrays_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    whole = tmp_path / "whole.safetensors"
    save_file({"a": np.arange(6, dtype=np.int32), "b": np.array([True, False])}, whole)
    assert mapped(whole)["a"].tolist() == [0, 1, 2, 3, 4, 5]
    assert mapped(whole)["b"].tolist() == [True, False]
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole.read_bytes()[:-4])
    with pytest.raises(Invalid, match="damaged"):
        mapped(cut)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_folding_letter_by_letter_gives_the_same_words(text: str) -> None:
    keep = [char for char in fold(text) if char.isascii() and char.isalnum()]
    assert [char for char in folded(text) if char.isascii() and char.isalnum()] == keep


@pytest.mark.parametrize(
    "text", ["Đăng ký KHAI SINH, Ở đâu?", "nước ngoài — 3/2025", "tie\u0302\u0301ng Vie\u0323\u0302t"]
)
def test_folding_of_vietnamese_is_the_same_to_the_letter(text: str) -> None:
    assert folded(text) == fold(text)
