"""A catalogue of any size: the national one, and its procedures again for one place after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from knowledge.procedures import Procedure

# Copies need codes of their own; the national catalogue uses the first three digits only.
_FIRST = 4_000_000


def places(shared: Path) -> list[str]:
    """The 34 provinces and the 102 communes of An Giang, by name."""
    names = []
    for file in ("vietnam_provinces_2025_34.jsonl", "an_giang_communes_2025_102.jsonl"):
        for line in (shared / "units" / file).read_text(encoding="utf-8").splitlines():
            names.append(str(json.loads(line)["name"]))
    return names


def multiplied(procedures: Sequence[Procedure], names: Sequence[str], count: int) -> Iterator[Procedure]:
    """The procedures, then copies that name a place and have another code, until there are `count`.

    Raises:
        ValueError: there is nothing to copy.
    """
    if not procedures or not names:
        raise ValueError("a catalogue and places are needed to make a larger one")
    yield from procedures[:count]
    for number in range(count - len(procedures)):
        source = procedures[number % len(procedures)]
        round_ = number // len(procedures)
        place = names[(number * 7 + round_) % len(names)]
        code = f"{(_FIRST + number) // 1_000_000}.{number % 1_000_000:06d}"
        yield source.model_copy(update={"code": code, "name": f"{source.name} tại {place}", "everyday": ()})
