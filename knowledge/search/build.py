"""Making the search of a version: the model and the index, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from knowledge.procedures import Procedure
from knowledge.search import _dense, _index
from knowledge.search._pairs import Pairs
from knowledge.search._train import train
from knowledge.search.calibration import FILE as CALIBRATION
from knowledge.search.calibration import Calibration, Point
from knowledge.search.searcher import Searcher
from knowledge.settings import KnowledgeSettings
from knowledge.vocabulary import FILE, Vocabulary
from store.errors import Invalid

# Made-up questions by which a version measures its own calibration.
_QUESTIONS = 400


def build(
    procedures: Sequence[Procedure],
    folder: Path,
    settings: KnowledgeSettings,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
    vocabulary: Vocabulary | None = None,
) -> None:
    """Train the model if it is the static one, compute the index, write both.

    Args:
        procedures: the catalogue.
        folder: an existing folder; gets `model/`, `index.safetensors`, `index.json`, `vectors.faiss` (with
            `vectors.npy` when large), `vocabulary.tsv` and `calibration.json`.
        settings: names the model, and how to train the static one.
        progress: called with a short word ("pairs", "training", "index", "calibration", "done") and a share between 0
            and 1.
        vocabulary: everyday words; when not given the folder's own, or else those that ship with the program.

    Raises:
        Invalid: the catalogue is empty, or the model that the settings name cannot be loaded.
    """
    if not procedures:
        raise Invalid("A catalogue without procedures cannot be searched.")
    vocabulary = vocabulary or Vocabulary.of(folder)
    vocabulary.write(folder / FILE)
    encoder: _dense.Encoder
    if settings.model == _index.STATIC:
        train(procedures, vocabulary, folder / "model", settings, progress)
        encoder = _dense.StaticEncoder(folder / "model")
    else:
        encoder = _dense.TransformerEncoder(settings.model)
    progress("index", 0.92)
    _index.save(_index.make(procedures, vocabulary, encoder, settings.model), folder)
    progress("calibration", 0.97)
    questions = Pairs(procedures, vocabulary, settings.seed + 1).sample(_QUESTIONS)
    measured = measure(Searcher.load(folder), ((text, procedures[owner].code) for text, owner in questions))
    Calibration.shipped().with_measured(measured).write(folder / CALIBRATION)
    progress("done", 1.0)


def measure(searcher: Searcher, questions: Iterable[tuple[str, str]]) -> tuple[Point, ...]:
    """For each question with its procedure's code: the probability of the first hit, and whether it is the right one.

    Look-alikes that differ in the office alone count as right; a question taken for something else is left out.
    """
    points = []
    for text, code in questions:
        hits = searcher.search(text).ranking
        if hits:
            points.append((hits[0].probability, searcher.kin(hits[0].code, code)))
    return tuple(points)
