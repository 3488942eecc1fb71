"""What staff do with cases: every step one function, checked, logged, counted and told in one transaction."""

from __future__ import annotations

from desk.handling._facts import Facts
from desk.handling._joining import Joining
from desk.handling._steps import Steps
from desk.handling.undo import Undo

__all__ = ["Handling"]


class Handling(Steps, Joining, Facts, Undo):
    """The desk's side of the cases in one database.

    Each step takes the person who does it, the code of the case and, as `expected`, the version of the case that the
    person saw; it gives the case as it then stands.

    Every step raises `CaseNotFound` (no such case, or not for this person), `Forbidden` (the person has not the right),
    `Conflict` (the step does not fit the state of the case, or the case has changed since it was seen).
    """
