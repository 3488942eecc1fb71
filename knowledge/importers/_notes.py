"""How a reader of one record tells the report what it met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from knowledge.importers.report import Report
from knowledge.importers.traps import ABOUT, Severity, Trap


class BadRecord(Exception):
    """A record that cannot be taken."""

    def __init__(self, trap: Trap, field_: str, message: str) -> None:
        super().__init__(message)
        self.trap = trap
        self.field = field_
        self.message = message


@dataclass
class Notes:
    """The remarks about one record; called with the trap, the field and what was met."""

    report: Report
    line: int
    code: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    _told: set[tuple[Trap, str, str]] = field(default_factory=set)

    def __call__(self, trap: Trap, field_: str, message: str = "", *, severity: Severity | None = None) -> None:
        about = ABOUT[trap]
        message = message or about.english
        # The same thing in each of three ways of handing in is said once.
        if (trap, field_, message) in self._told:
            return
        self._told.add((trap, field_, message))
        self.report.add(
            self.line,
            self.code,
            field_,
            severity or about.severity,
            message,
            trap=trap,
            column=self.columns.get(field_, ""),
        )
