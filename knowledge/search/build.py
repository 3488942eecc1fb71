"""Making the search of a version: the model and the index, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from knowledge.procedures import Procedure
from knowledge.search import _dense, _index
from knowledge.search._train import train
from knowledge.settings import KnowledgeSettings
from knowledge.vocabulary import Vocabulary
from store.errors import Invalid


def build(
    procedures: Sequence[Procedure],
    folder: Path,
    settings: KnowledgeSettings,
    progress: Callable[[str, float], None] = lambda _what, _share: None,
) -> None:
    """Train the model if it is the static one, compute the index, write both.

    Args:
        procedures: the catalogue.
        folder: an existing folder; gets `model/`, `index.npz`, `index.json` and `vectors.faiss`.
        settings: names the model, and how to train the static one.
        progress: called with a short word ("pairs", "training", "index", "done") and a share between 0 and 1.

    Raises:
        Invalid: the catalogue is empty, or the model that the settings name cannot be loaded.
    """
    if not procedures:
        raise Invalid("A catalogue without procedures cannot be searched.")
    vocabulary = Vocabulary.load()
    encoder: _dense.Encoder
    if settings.model == _index.STATIC:
        train(procedures, vocabulary, folder / "model", settings, progress)
        encoder = _dense.StaticEncoder(folder / "model")
    else:
        encoder = _dense.TransformerEncoder(settings.model)
    progress("index", 0.92)
    _index.save(_index.make(procedures, vocabulary, encoder, settings.model), folder)
    progress("done", 1.0)
