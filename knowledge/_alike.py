"""Which questions ask the same: their subjects compared by weighted overlap of syllables and pairs of syllables.

No model is needed, the order of the questions does not matter, and the same questions give the same groups each time.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge import questions
from knowledge.search._stop import masks
from knowledge.text import tokens
from knowledge.vocabulary import words

ALIKE = 0.55
# Two questions for which the search came up with the same procedure need less in common.
ALIKE_WITH_SAME_CODE = 0.35
_LONGEST_PHRASE = 10
# What `knowledge.text.mask` puts in the place of what identifies a person.
_MASKED = re.compile(r"\[(?:id|phone|email)\]")


@dataclass(frozen=True)
class Subject:
    """What a question is about.

    Attributes:
        said: its words as they were typed, politeness and question words cut from both ends.
        key: the folded syllables that carry its meaning, in their order.
    """

    said: str
    key: tuple[str, ...]


def subject(question: str) -> Subject:
    """What a question is about; a question without any subject keeps all its words."""
    text = questions.read(_MASKED.sub(" ", question)).subject or question
    folded, typed = tokens(text), words(text)
    if len(folded) != len(typed):
        typed = folded
    kept = [place for place, keep in enumerate(masks(folded, typed).subject) if keep] or list(range(len(folded)))
    if not kept:
        return Subject("", ())
    span = typed[kept[0] : kept[-1] + 1]
    return Subject(" ".join(span[:_LONGEST_PHRASE]), tuple(folded[place] for place in kept))


def groups(asked: Sequence[tuple[str, str | None]]) -> list[list[int]]:
    """Group questions that ask the same.

    Args:
        asked: each question with the code of the procedure that the search thought of first, if any.

    Returns:
        Places in `asked`, the biggest group first; within a group, the question that stands for it first.
    """
    keys = [subject(question).key or tuple(tokens(question)) for question, _ in asked]
    # What holds no letter at all is alike only to itself.
    features = [_features(key) or frozenset({question}) for key, (question, _) in zip(keys, asked, strict=True)]
    spread = Counter(feature for found in features for feature in found)
    weight = {feature: 1.0 + math.log(len(asked) / count) for feature, count in spread.items()}
    norm = [math.sqrt(sum(weight[f] ** 2 for f in found)) for found in features]
    often = Counter(keys)
    # The shortest of those asked most often stands for its group.
    order = sorted(range(len(asked)), key=lambda i: (-often[keys[i]], len(keys[i]), keys[i], asked[i][0]))
    leads: dict[str, list[int]] = {}
    members: dict[int, list[int]] = {}
    for place in order:
        best, most = place, 0.0
        for leader in dict.fromkeys(leader for feature in sorted(features[place]) for leader in leads.get(feature, ())):
            common = sum(weight[f] ** 2 for f in features[place] & features[leader])
            score = common / (norm[place] * norm[leader])
            same = asked[place][1] is not None and asked[place][1] == asked[leader][1]
            if score > most and score >= (ALIKE_WITH_SAME_CODE if same else ALIKE):
                best, most = leader, score
        members.setdefault(best, []).append(place)
        if best == place:
            for feature in features[place]:
                leads.setdefault(feature, []).append(place)
    return sorted(members.values(), key=lambda found: (-len(found), keys[found[0]], asked[found[0]][0]))


def _features(key: tuple[str, ...]) -> frozenset[str]:
    return frozenset((*key, *map(" ".join, pairwise(key))))
