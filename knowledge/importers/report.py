"""What an import has to say about each record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from knowledge.importers.traps import Severity, Trap
from knowledge.procedures import Procedure

__all__ = ["Imported", "Remark", "Report", "Severity", "Trap"]


@dataclass(frozen=True)
class Remark:
    """One remark about one field of one record.

    Attributes:
        line: line of the file, row of the sheet or number of the record; counts from 1, 0 is the whole source.
        column: letter of the column, or the key in the source, where the source has such.
        trap: stable name of what was met (`knowledge.importers.traps.Trap`); empty for what has no name of its own.
        source: the file, where a report speaks of several.
    """

    line: int
    code: str
    field: str
    severity: Severity
    message: str
    column: str = ""
    trap: str = ""
    source: str = ""

    def __str__(self) -> str:
        where = (
            (f"{self.source} " if self.source else "")
            + f"line {self.line}"
            + (f" {self.column}" if self.column else "")
        )
        named = f" [{self.trap}]" if self.trap else ""
        return f"{where}, {self.code or '(no code)'}, {self.field}: {self.severity}{named}: {self.message}"


@dataclass
class Report:
    """Everything an import noticed, in the order of the file.

    Attributes:
        source: name of the file or folder that was read (never its whole path).
        sha256: checksum of what was read, in hexadecimal.
        format: name of the format it was read as.
        total: records seen, good or bad.
        accepted: records taken over.
        as_read: how many of the taken records carry each kind of fact (receiving office, fee, time, papers).
    """

    source: str
    sha256: str = ""
    format: str = ""
    total: int = 0
    accepted: int = 0
    remarks: list[Remark] = field(default_factory=list)
    as_read: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        line: int,
        code: str,
        field_: str,
        severity: Severity,
        message: str,
        *,
        trap: Trap | None = None,
        column: str = "",
    ) -> None:
        """Note one thing."""
        self.remarks.append(Remark(line, code, field_, severity, message, column, trap.value if trap else ""))

    def counts(self) -> dict[str, int]:
        """Remarks by severity."""
        found = Counter(remark.severity.value for remark in self.remarks)
        return {severity.value: found.get(severity.value, 0) for severity in Severity}

    def traps(self) -> dict[str, int]:
        """How many remarks name each trap, the most frequent first."""
        return dict(Counter(remark.trap for remark in self.remarks if remark.trap).most_common())

    def by_message(self) -> list[tuple[str, str, str, int]]:
        """(severity, field, message, how often), the most frequent first."""
        found = Counter((r.severity.value, r.field, r.message) for r in self.remarks)
        return [(*key, number) for key, number in found.most_common()]

    def tally(self, procedures: Iterable[Procedure]) -> None:
        """Count what the taken records carry."""
        held: Counter[str] = Counter()
        for procedure in procedures:
            held["receiving"] += bool(procedure.receiving)
            held["fees"] += bool(procedure.fees)
            held["times"] += bool(procedure.times)
            held["documents"] += bool(procedure.documents)
            held["online"] += procedure.online is not None
        self.as_read = dict(held)

    def as_json(self, *, limit: int = 2000) -> dict[str, Any]:
        """The report as plain values; at most `limit` single remarks, all of them counted."""
        return {
            "source": self.source,
            "sha256": self.sha256,
            "total": self.total,
            "accepted": self.accepted,
            "format": self.format,
            "counts": self.counts(),
            "traps": self.traps(),
            "held": self.as_read,
            "summary": [
                {"severity": s, "field": f, "message": m, "records": n} for s, f, m, n in self.by_message()[:200]
            ],
            "issues": [_issue(r) for r in sorted(self.remarks, key=lambda r: list(Severity).index(r.severity))[:limit]],
        }


def _issue(remark: Remark) -> dict[str, Any]:
    names = ("line", "column", "code", "field", "trap", "source", "message")
    return {"severity": remark.severity.value, **{name: getattr(remark, name) for name in names}}


@dataclass(frozen=True)
class Imported:
    """The records of a source with the report about them."""

    procedures: tuple[Procedure, ...]
    report: Report
