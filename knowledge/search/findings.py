"""What a search gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from knowledge.vocabulary import Redirect

Decision = Literal["answer", "ask", "unknown"]


@dataclass(frozen=True)
class Hit:
    """One procedure found.

    Attributes:
        code: its code.
        score: fused score; comparable within one search only.
        probability: how likely it is the one meant, between 0 and 1.
        signals: what each leg gave, by name; for explanations.
        label: how to put it to the citizen when asking back; empty: its name.
    """

    code: str
    score: float
    probability: float
    signals: Mapping[str, float] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True)
class Findings:
    """The hits, best first, and what to do with them.

    Attributes:
        decision: `answer` with the first hit; `ask` which of the hits is meant (two to four of them); `unknown`: say so
            (the hits are then the nearest things known, for a person to look at).
        hits: best first.
        question: the question to ask back when a known ambiguity is all the citizen said.
        domain: how likely it is that the question is about a procedure at all.
        redirect: what the vocabulary knows that no procedure answers.
        subject: the words the search went by.
        ranking: what `hits` were chosen from, best first, with look-alikes that would not be asked about; empty when
            the hits come from a code or a known ambiguity.
    """

    decision: Decision
    hits: tuple[Hit, ...]
    question: str = ""
    domain: float = 1.0
    redirect: Redirect | None = None
    subject: tuple[str, ...] = ()
    ranking: tuple[Hit, ...] = ()
