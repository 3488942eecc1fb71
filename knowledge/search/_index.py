"""Everything the search looks into, computed once when a version is built and loaded as it is.

The files: `index.safetensors` (posting lists and one row of facts per procedure; mapped, not read), `index.json`
(terms, codes, spelling), `vectors.faiss` (a large one with `vectors.npy`), and `model/` when the model is the static
one. No pickles.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from knowledge.procedures import OfficeKind, Procedure
from knowledge.search import _dense, _postings
from knowledge.search._features import pairs
from knowledge.search._folding import folded
from knowledge.search._pairs import aliases
from knowledge.search._postings import Postings
from knowledge.search._spelling import Speller
from knowledge.search._stop import subject
from knowledge.search._variants import family, qualifiers
from knowledge.text import fold, tokens
from knowledge.vocabulary import Vocabulary
from store.errors import Invalid

_WORD = re.compile(r"[a-z0-9]+")
_SPELLED = 6_000
STATIC = "static"
_LEGS = ("names", "fields", "rarity", "letters", "aliases")
_FACTS = ("citizen", "commune", "province", "common", "detailed", "long", "weight")
_NEAR = frozenset({OfficeKind.commune_centre, OfficeKind.commune_police, OfficeKind.commune_military})


class Stale(Invalid):
    """An index that this release of the program did not make; its rows may mean something else."""

    code = "stale_index"


@cache
def fingerprint() -> str:
    """What an index depends on besides the catalogue: the code that makes it and the vocabulary."""
    room = Path(__file__).parent.parent
    files = [*room.glob("search/*.py"), *room.glob("data/vocabulary/*.tsv")]
    files += [
        room / "vocabulary.py",
        room / "_vocabulary_rows.py",
        room / "text.py",
        room / "_teencode.py",
        room / "_syllables.py",
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@dataclass
class Index:
    """The loaded index; row i of everything is procedure i.

    Attributes:
        legs: posting lists: BM25 of names, BM25F of names, fields and agencies, rarity of name words, letters of names,
            words of everyday names (rows: `alias_owner`).
        facts: per procedure, float32: for citizens, taken by a commune's office, by a province's, has an everyday
            name, has details, length of the name, sum of its words' rarity.
        features: special features each name has; shape (procedures, variants).
        families: number of the family of each procedure.
    """

    model: str
    codes: list[str]
    legs: dict[str, Postings]
    alias_owner: NDArray[np.int32]
    facts: dict[str, NDArray[np.float32]]
    features: NDArray[np.bool_]
    families: NDArray[np.int32]
    speller: Speller
    vectors: _dense.Vectors
    encoder: _dense.Encoder

    def __post_init__(self) -> None:
        self.number = {code: i for i, code in enumerate(self.codes)}
        self.alias_weight = self.legs["aliases"].sizes()


def make(procedures: Sequence[Procedure], vocabulary: Vocabulary, encoder: _dense.Encoder, model: str) -> Index:
    """Compute the index of a catalogue that holds at least one procedure."""
    names = [tokens(p.name) for p in procedures]
    everyday = aliases(procedures, vocabulary)
    flat = [(owner, subject(alias) or list(alias)) for owner, own in enumerate(everyday) for alias in own]
    flat = flat or [(0, ["?"])]
    legs = {
        "names": _postings.bm25((Counter(pairs(n)) for n in names), k1=0.9, b=0.6),
        "fields": _postings.bm25((_bag(p, n) for p, n in zip(procedures, names, strict=True)), b=0.6),
        "rarity": _postings.rarity(dict.fromkeys(n, 1.0) for n in names),
        "letters": _postings.tfidf(_postings.letters(n) for n in names),
        "aliases": _postings.rarity(dict.fromkeys(alias, 1.0) for _, alias in flat),
    }
    rules = [{rule.office for rule in p.receiving if rule.accepts} for p in procedures]
    facts = {
        "citizen": [any("Công dân" in s for s in p.subjects) for p in procedures],
        "commune": [bool(r & _NEAR) or "cap xa" in fold(p.name) for p, r in zip(procedures, rules, strict=True)],
        "province": [bool(r) and not r & _NEAR for r in rules],
        "common": [bool(own) for own in everyday],
        "detailed": [bool(p.documents or p.steps) for p in procedures],
        "long": [float(np.log(1 + len(n))) for n in names],
        "weight": legs["rarity"].sizes(),
    }
    numbers: dict[str, int] = {}
    families = [numbers.setdefault(family(n), len(numbers)) for n in names]
    vectors = _vectors(procedures, encoder)
    return Index(
        model,
        [p.code for p in procedures],
        legs,
        np.array([owner for owner, _ in flat], np.int32),
        {key: np.asarray(values, np.float32) for key, values in facts.items()},
        np.array([qualifiers(n, spoken=False) for n in names]),
        np.array(families, np.int32),
        Speller.learn(_texts(procedures), (*(e.key for e in vocabulary.entries), *(a for _, a in flat))),
        _dense.Vectors.make(vectors),
        encoder,
    )


def _bag(procedure: Procedure, name: Sequence[str]) -> dict[str, float]:
    bag: dict[str, float] = {}
    near = f"{procedure.promulgator or ''} {procedure.decided_by or ''}"
    for words, weight in ((name, 3.0), (tokens(procedure.field), 1.0), (tokens(near), 0.5)):
        for term in pairs(words):
            bag[term] = bag.get(term, 0.0) + weight
    return bag


def _vectors(procedures: Sequence[Procedure], encoder: _dense.Encoder) -> NDArray[np.float32]:
    full = encoder.encode_names([f"{p.name}. {p.field}" for p in procedures])
    # Half the name with its field, half the name alone: one inner product then gives the mean of both.
    return (full + encoder.encode_names([p.name for p in procedures])) / np.float32(2)


def _texts(procedures: Sequence[Procedure]) -> Iterator[list[str]]:
    """What the spelling learns from: names and texts, folded as they stand, shorthand and all."""
    # Of a large catalogue only some are read to the end.
    step = 1 + len(procedures) // _SPELLED
    for number, p in enumerate(procedures):
        if number % step:
            yield _WORD.findall(folded(p.name))
            continue
        papers = " ".join(item.name for case in p.documents for item in case.items)
        # Three times the name: what stands in a name, if only once, is a word ("mẫu VC").
        for text in (p.name, p.name, p.name, p.field, " ".join(p.steps)[:3000], papers[:1500], " ".join(p.results)):
            yield _WORD.findall(folded(text))


def save(index: Index, folder: Path) -> None:
    """Write the index into a folder (the model is already there)."""
    arrays: dict[str, NDArray[Any]] = {
        "alias_owner": index.alias_owner,
        "features": index.features,
        "families": index.families,
    }
    for name, leg in index.legs.items():
        arrays.update(leg.arrays(name))
    for name, fact in index.facts.items():
        arrays[f"fact.{name}"] = fact
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / "index.safetensors")
    about = {
        "fingerprint": fingerprint(),
        "model": index.model,
        "codes": index.codes,
        "terms": {name: "\n".join(leg.terms) for name, leg in index.legs.items()},
        "spelling": index.speller.as_json(),
    }
    (folder / "index.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    index.vectors.save(folder)


def load(folder: Path) -> Index:
    """Read the index of a folder.

    Raises:
        Stale: the index was made by another release of the program.
        Invalid: the folder holds no index, or one that is damaged.
    """
    try:
        about = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        if about.get("fingerprint") != fingerprint():
            raise Stale(
                f"The index of version {folder.name} was made by another release of the program; "
                "run `motcua catalogue reindex`."
            )
        arrays = _dense.mapped(folder / "index.safetensors")
        model = str(about["model"])
        encoder: _dense.Encoder
        encoder = _dense.StaticEncoder(folder / "model") if model == STATIC else _dense.TransformerEncoder(model)
        return Index(
            model,
            list(about["codes"]),
            {name: Postings.restore(name, arrays, about["terms"][name].split("\n")) for name in _LEGS},
            arrays["alias_owner"],
            {name: arrays[f"fact.{name}"] for name in _FACTS},
            arrays["features"],
            arrays["families"],
            Speller(**about["spelling"]),
            _dense.Vectors.load(folder),
            encoder,
        )
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise Invalid(f"The index in {folder.name} cannot be read: {error}") from error
