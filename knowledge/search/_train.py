"""Training of the static model: an embedding bag over word features, questions against names.

In each batch a question has to lie nearer to the name of its own procedure than to the other names of the batch.
Names of one family (the same thing at another counter) do not count as wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from knowledge.procedures import Procedure
from knowledge.search._features import features
from knowledge.search._pairs import Pairs
from knowledge.search._variants import family
from knowledge.settings import KnowledgeSettings
from knowledge.text import tokens
from knowledge.vocabulary import Vocabulary

Progress = Callable[[str, float], None]
Floats = NDArray[np.float32]
_BATCH = 512
_SCALE = 20.0
_RATE = 0.01
_DECAY = 0.99
_VOCABULARY = 60_000
_LEAST_STEPS = 300
_UNKNOWN = "[UNK]"
# Procedures that one training learns from: a drawn part of a catalogue that repeats itself for many places; and from
# how many on each gets fewer questions, so that a training takes no longer.
_MOST = 6_000
_MANY = 3_000


def train(
    procedures: Sequence[Procedure],
    vocabulary: Vocabulary,
    folder: Path,
    settings: KnowledgeSettings,
    progress: Progress = lambda _what, _share: None,
) -> None:
    """Train a model and save it as a sentence-transformers folder.

    Args:
        procedures: the catalogue; at least one.
        vocabulary: everyday words.
        folder: where to save; made if missing.
        settings: dims, epochs, pairs, threads and seed.
        progress: called with a short word and a share between 0 and 1.
    """
    progress("pairs", 0.0)
    if len(procedures) > _MOST:
        chosen = np.random.default_rng(settings.seed).choice(len(procedures), _MOST, replace=False)
        procedures = [procedures[place] for place in np.sort(chosen)]
    questions: list[list[str]] = []
    owners: list[int] = []
    each = max(1, settings.pairs * _MANY // max(_MANY, len(procedures)))
    for question, owner in Pairs(procedures, vocabulary, settings.seed).generate(each):
        questions.append(features(question))
        owners.append(owner)
    texts = [doc_features(p) for p in procedures]
    names = [features(tokens(p.name)) for p in procedures]
    counts: Counter[str] = Counter()
    for question in questions:
        counts.update(question)
    for text in texts:
        counts.update(dict.fromkeys(text, 5))
    least = 3 if len(questions) > 20_000 else 2
    known = [f for f, count in counts.most_common(_VOCABULARY) if count >= least]
    number = {feature: index for index, feature in enumerate([_UNKNOWN, *known])}
    families: dict[str, int] = {}
    kin = np.array([families.setdefault(family(tokens(p.name)), len(families)) for p in procedures])
    progress("training", 0.1)
    fitted = _fit(
        _matrix(questions, number), np.array(owners), _matrix(texts, number), _matrix(names, number), kin, settings,
        progress,
    )  # fmt: skip
    save(number, fitted, folder)


def doc_features(procedure: Procedure) -> list[str]:
    """The features of a procedure: its name and field."""
    return features(tokens(f"{procedure.name} . {procedure.field}"))


def _matrix(texts: Sequence[Sequence[str]], number: dict[str, int]) -> sparse.csr_matrix:
    """One row a text: each of its features with the share that makes the product with the weights their mean."""
    rows = [[number.get(feature, 0) for feature in text] or [0] for text in texts]
    lengths = np.array([len(row) for row in rows])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    shares = np.repeat((1.0 / lengths).astype(np.float32), lengths)
    columns = np.fromiter((column for row in rows for column in row), np.int32, int(starts[-1]))
    return sparse.csr_matrix((shares, columns, starts), shape=(len(rows), len(number)))


def _fit(
    questions: sparse.csr_matrix,
    owners: NDArray[np.int64],
    texts: sparse.csr_matrix,
    names: sparse.csr_matrix,
    kin: NDArray[np.int64],
    settings: KnowledgeSettings,
    progress: Progress,
) -> Floats:
    """Gradient descent on the cross entropy of the scaled cosines of each batch.

    Written out in numpy: the products are sparse and only the touched rows are updated, which is several times faster
    on a processor than torch's EmbeddingBag with SparseAdam, needs no torch at all, and gives the same bits every time.
    """
    chance = np.random.default_rng(settings.seed)
    weights = chance.standard_normal((questions.shape[1], settings.dims), np.float32) * np.float32(0.1)
    second = np.zeros(len(weights), np.float32)
    count = questions.shape[0]
    batch = max(32, min(_BATCH, count // 40))
    per_epoch = max(1, count // batch)
    epochs = max(settings.epochs, -(-_LEAST_STEPS // per_epoch))
    steps = epochs * per_epoch
    step = 0
    for _epoch in range(epochs):
        order = chance.permutation(count)
        for start in range(0, per_epoch * batch, batch):
            chosen = order[start : start + batch]
            own = owners[chosen]
            unique, target = np.unique(own, return_inverse=True)
            documents = names if step % 2 else texts
            twins = kin[unique][None, :] == kin[own][:, None]
            twins[np.arange(len(chosen)), target] = False
            rate = _RATE * max(0.05, 1 - step / steps)
            _update(weights, second, questions[chosen], documents[unique], target, twins, rate)
            step += 1
            if step % 20 == 0 or step == steps:
                progress("training", 0.1 + 0.8 * step / steps)
    return weights


def _update(
    weights: Floats,
    second: Floats,
    asked: sparse.csr_matrix,
    held: sparse.csr_matrix,
    target: NDArray[np.int64],
    twins: NDArray[np.bool_],
    rate: float,
) -> None:
    """One step, in place: forward, gradient by hand, and an update of the touched rows scaled by their own size."""
    both = np.concatenate([asked.indices, held.indices])
    marked = np.zeros(len(weights), np.bool_)
    marked[both] = True
    touched = np.flatnonzero(marked)
    place = np.empty(len(weights), np.int32)
    place[touched] = np.arange(len(touched), dtype=np.int32)
    columns = place[both]
    split = len(asked.indices)
    small = weights[touched]
    asked = sparse.csr_matrix((asked.data, columns[:split], asked.indptr), shape=(asked.shape[0], len(touched)))
    held = sparse.csr_matrix((held.data, columns[split:], held.indptr), shape=(held.shape[0], len(touched)))
    question, question_size = _unit(asked @ small)
    document, document_size = _unit(held @ small)
    scores = np.float32(_SCALE) * (question @ document.T)
    scores[twins] = -1e4
    scores -= scores.max(axis=1, keepdims=True)
    share = np.exp(scores)
    share /= share.sum(axis=1, keepdims=True)
    share[np.arange(len(target)), target] -= 1.0
    share *= np.float32(_SCALE / len(target))
    gradient = asked.T @ _through_unit(share @ document, question, question_size)
    gradient += held.T @ _through_unit(share.T @ question, document, document_size)
    fresh = np.einsum("ij,ij->i", gradient, gradient) / gradient.shape[1]
    old = second[touched]
    # The first time a row is touched, its own gradient alone sets the scale.
    size = np.where(old == 0, fresh, np.float32(_DECAY) * old + np.float32(1 - _DECAY) * fresh)
    second[touched] = size
    weights[touched] = small - np.float32(rate) * gradient / (np.sqrt(size)[:, None] + np.float32(1e-9))


def _unit(vectors: Floats) -> tuple[Floats, Floats]:
    size = np.linalg.norm(vectors, axis=1, keepdims=True) + np.float32(1e-9)
    return vectors / size, size


def _through_unit(gradient: Floats, unit: Floats, size: Floats) -> Floats:
    """The gradient before the vectors were brought to length 1."""
    along: Floats = np.einsum("ij,ij->i", gradient, unit)[:, None]
    return np.asarray((gradient - unit * along) / size, np.float32)


def save(number: dict[str, int], weights: Floats, folder: Path) -> None:
    """Write the folder that `SentenceTransformer(folder)` loads as one StaticEmbedding module.

    The tokenizer folds plain text too, so the model gives a usable vector for a text whose features nobody made.
    """
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel(number, unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Replace("đ", "d")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file({"embedding.weight": weights}, folder / "model.safetensors")
    modules = [
        {
            "idx": 0,
            "name": "0",
            "path": "",
            "type": "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding",
        }
    ]
    (folder / "modules.json").write_text(json.dumps(modules, indent=2), encoding="utf-8")
    config = {"model_type": "SentenceTransformer", "similarity_fn_name": "cosine", "prompts": {}}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
