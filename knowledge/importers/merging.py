"""Two sources of one procedure become one record, by a rule that the report shows.

The rule, in this order:

1. A field that only one of the two holds is taken from it: nothing is lost to an empty field.
2. The record whose deciding document is newer gives the other fields (`source.decided`).
3. Without two different days: the record that has details (steps, papers, times or fees) before one that is a
   line of a list.
4. Without that: the record that describes the later day (`checked`).
5. Without that: the record that names its decision, before one that names none.
6. Without that: the second source.

Everyday names of both are kept. A procedure whose source has no code (a provisional one, `KM-…`) is the procedure of
the same name in the other source, if exactly one has it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from knowledge.importers._intake import name_key
from knowledge.importers.report import Imported, Remark, Report, Severity
from knowledge.importers.traps import Trap
from knowledge.procedures import Procedure, is_provisional

RULE = (
    "a newer decision wins, then details over a list, then the later day, then the one that names its decision, "
    "then the second source; nothing is lost to an empty field"
)
# What names the record or belongs to it as a whole, and so always comes from the winner.
_WHOLE = {"code", "everyday", "starter", "overlays"}
_LONGEST = 160
_MORE = " + …"
_DETAILS = ("steps", "documents", "times", "fees")


def merge(first: Imported, second: Imported) -> Imported:
    """All procedures of both sources; those in both are merged by the rule above.

    Args:
        first: the source that was there before; its order is kept.
        second: the one that comes on top.
    """
    report = Report(
        source=_both(first.report.source, second.report.source),
        sha256=hashlib.sha256(f"{first.report.sha256}{second.report.sha256}".encode()).hexdigest(),
        format=" + ".join(dict.fromkeys(f"{first.report.format} + {second.report.format}".strip(" +").split(" + "))),
        total=first.report.total + second.report.total,
    )
    report.add(0, "", "record", Severity.fixed, f"sources of one procedure are merged: {RULE}", trap=Trap.merged)
    for one in (first.report, second.report):
        report.remarks += [remark if remark.source else replace(remark, source=one.source) for remark in one.remarks]
    names = _Names((*first.procedures, *second.procedures))
    held: dict[str, Procedure] = {}
    for procedure in first.procedures:
        known = names.known(procedure)
        held[known.code] = known if known.code not in held else _merged(held[known.code], known, first, first, report)
    for procedure in second.procedures:
        known = names.known(procedure)
        other = held.get(known.code)
        held[known.code] = known if other is None else _merged(other, known, first, second, report)
    procedures = tuple(held.values())
    report.accepted = len(procedures)
    report.tally(procedures)
    return Imported(procedures, report)


def _both(first: str, second: str) -> str:
    """What two sources are called together; of many, only the first ones are named."""
    together = f"{first} + {second}"
    return together if len(together) <= _LONGEST else f"{first.removesuffix(_MORE)}{_MORE}"


class _Names:
    """Finds the code of a procedure that came without one."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        self._codes: dict[str, set[str]] = defaultdict(set)
        for procedure in procedures:
            if not is_provisional(procedure.code):
                self._codes[name_key(procedure.name)].add(procedure.code)

    def known(self, procedure: Procedure) -> Procedure:
        if not is_provisional(procedure.code):
            return procedure
        codes = self._codes.get(name_key(procedure.name), set())
        return procedure.model_copy(update={"code": next(iter(codes))}) if len(codes) == 1 else procedure


def _merged(one: Procedure, two: Procedure, first: Imported, second: Imported, report: Report) -> Procedure:
    winner, loser, why = _ranked(one, two)
    update: dict[str, object] = {"everyday": tuple(dict.fromkeys((*one.everyday, *two.everyday)))}
    filled = []
    for field in type(winner).model_fields:
        if field in _WHOLE:
            continue
        if _empty(getattr(winner, field)) and not _empty(getattr(loser, field)):
            update[field] = getattr(loser, field)
            filled.append(field)
    merged = winner.model_copy(update=update)
    mine, other = (first, second) if winner is one else (second, first)
    if merged == one and one == two:
        return merged
    message = f"from {mine.report.source} ({why})"
    if filled:
        message += f"; {', '.join(filled)} from {other.report.source}"
    report.remarks.append(
        Remark(0, merged.code, "record", Severity.fixed, message, trap=Trap.merged.value, source=report.source)
    )
    return merged


def _ranked(one: Procedure, two: Procedure) -> tuple[Procedure, Procedure, str]:
    """(winner, loser, why)."""
    days = (one.source.decided, two.source.decided)
    if days[0] and days[1] and days[0] != days[1]:
        return (*_by(one, two, days[0] > days[1]), f"its decision is newer, {max(days[0], days[1])}")
    details = (_has_details(one), _has_details(two))
    if details[0] != details[1]:
        return (*_by(one, two, details[0]), "it has details")
    checked = (one.checked or date.min, two.checked or date.min)
    if one.checked and two.checked and checked[0] != checked[1]:
        return (*_by(one, two, checked[0] > checked[1]), "it describes the later day")
    named = (bool(one.source.decision), bool(two.source.decision))
    if named[0] != named[1]:
        return (*_by(one, two, named[0]), "it names its decision")
    return two, one, "the second source"


def _by(one: Procedure, two: Procedure, first_wins: bool) -> tuple[Procedure, Procedure]:
    return (one, two) if first_wins else (two, one)


def _has_details(procedure: Procedure) -> bool:
    return any(getattr(procedure, field) for field in _DETAILS)


def _empty(value: object) -> bool:
    return value is None or value == "" or value == ()
