"""Each question is asked of the search that has not seen it; the rest of the one that ships."""

from __future__ import annotations

from typing import cast

from bench._unseen import Unseen
from knowledge.search import Searcher
from knowledge.search.findings import Findings


class _Named:
    """A search that says who was asked."""

    def __init__(self, name: str) -> None:
        self._name = name

    def search(self, text: str, *, limit: int = 5) -> Findings:
        return Findings("unknown", (), question=f"{self._name} {limit}")


def test_a_disguise_is_asked_of_the_same_search_as_its_question() -> None:
    one, two, shipped = (cast(Searcher, _Named(name)) for name in ("one", "two", "shipped"))
    unseen = Unseen(shipped, {"khai sinh": one, "kết hôn": two})
    unseen.disguise("khai sinh", "khai snih")
    unseen.disguise("not in the fits", "nto")
    asked = {text: unseen.search(text, limit=7).question for text in ("khai sinh", "khai snih", "kết hôn", "nto")}
    assert asked == {"khai sinh": "one 7", "khai snih": "one 7", "kết hôn": "two 7", "nto": "shipped 7"}
