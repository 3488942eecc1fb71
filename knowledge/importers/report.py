"""What an import has to say about each record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from knowledge.procedures import Procedure


class Severity(StrEnum):
    """How much a remark weighs.

    `error`: the record was left out. `warning`: it was taken, and a person should look. `fixed`: it was
    taken after a repair that the message names.
    """

    error = "error"
    warning = "warning"
    fixed = "fixed"


@dataclass(frozen=True)
class Remark:
    """One remark about one field of one record; `line` counts from 1."""

    line: int
    code: str
    field: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.code or '(no code)'}, {self.field}: {self.severity}: {self.message}"


@dataclass
class Report:
    """Everything an import noticed, in the order of the file.

    Attributes:
        source: name of the file or folder that was read (never its whole path).
        sha256: checksum of what was read, in hexadecimal.
        total: records seen, good or bad.
        accepted: records taken over.
        as_read: how many of the taken records carry each kind of fact (receiving office, fee, time, papers).
    """

    source: str
    sha256: str = ""
    total: int = 0
    accepted: int = 0
    remarks: list[Remark] = field(default_factory=list)
    as_read: dict[str, int] = field(default_factory=dict)

    def add(self, line: int, code: str, field_: str, severity: Severity, message: str) -> None:
        """Note one thing."""
        self.remarks.append(Remark(line, code, field_, severity, message))

    def counts(self) -> dict[str, int]:
        """Remarks by severity."""
        found = Counter(remark.severity.value for remark in self.remarks)
        return {severity.value: found.get(severity.value, 0) for severity in Severity}

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
            "counts": self.counts(),
            "held": self.as_read,
            "summary": [
                {"severity": s, "field": f, "message": m, "records": n} for s, f, m, n in self.by_message()[:200]
            ],
            "issues": [
                {"line": r.line, "code": r.code, "field": r.field, "severity": r.severity.value, "message": r.message}
                for r in sorted(self.remarks, key=lambda r: list(Severity).index(r.severity))[:limit]
            ],
        }


@dataclass(frozen=True)
class Imported:
    """The records of a source with the report about them."""

    procedures: tuple[Procedure, ...]
    report: Report
