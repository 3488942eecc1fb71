"""The figures of earlier runs, one JSON line a run, so that a change that makes the search worse is seen."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import _measure
from bench._measure import Figure


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        at: when, in UTC.
        commit: short name of the commit, with a plus behind it when files were changed since; empty outside git.
        catalogue: name of the catalogue's file.
        questions: digest of the questions asked; only runs over the same ones are compared.
        places: letters by "set · slice" (see `_measure`).
        decisions: letters by "set · slice".
        milliseconds: latency figures by name; shown, never judged.
    """

    at: str
    commit: str
    catalogue: str
    questions: str
    places: Mapping[str, str]
    decisions: Mapping[str, str]
    milliseconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A figure that is not what it was: before, after, the difference with its interval, and whether it is bad."""

    name: str
    before: float
    after: float
    difference: Figure
    worse: bool


def stamp() -> tuple[str, str]:
    """Now, and the commit of the work tree."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", _commit(Path(__file__).parent)


def _commit(where: Path) -> str:
    try:
        name = _git(where, "rev-parse", "--short", "HEAD")
        return name + ("+" if _git(where, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(where: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=where, check=True, capture_output=True, text=True).stdout.strip()


def read(path: Path) -> list[Run]:
    """The runs of a history, oldest first; a file that is not there is an empty history.

    Raises:
        ValueError: a line is no run; says which.
    """
    if not path.exists():
        return []
    runs = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            runs.append(_run(json.loads(line)))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path.name}, line {number} is no run of this benchmark: {error}") from error
    return runs


def _run(raw: Any) -> Run:
    run = Run(**raw)
    for letters in (run.places, run.decisions):
        if not isinstance(letters, dict) or not all(isinstance(text, str) for text in letters.values()):
            raise TypeError("places and decisions must be letters by name")
    return run


def append(path: Path, run: Run) -> None:
    """Add a run as the last line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(run), ensure_ascii=False) + "\n")


def last(runs: list[Run], now: Run) -> Run | None:
    """The newest run over the same catalogue and questions."""
    same = [run for run in runs if (run.catalogue, run.questions) == (now.catalogue, now.questions)]
    return same[-1] if same else None


def changes(before: Run, now: Run) -> list[Change]:
    """The figures that moved, question by question over the same questions.

    One is worse when even the upper end of the interval of its difference is on the bad side of zero.
    """
    found = []
    for name, letters in now.places.items():
        old = before.places.get(name)
        if old is None or len(old) != len(letters):
            continue
        for figure, values in (("R@1", _measure.first), ("R@5", _measure.five), ("MRR", _measure.reciprocal)):
            found.append(_change(f"{name}, {figure}", values(old), values(letters), good=True))
    for name, letters in now.decisions.items():
        old = before.decisions.get(name)
        if old is None or len(old) != len(letters):
            continue
        for figure, wanted, good in (("answered right", "R", True), ("answered wrong", "W", False)):
            was, is_ = _measure.are(old, wanted), _measure.are(letters, wanted)
            if was.any() or is_.any():
                found.append(_change(f"{name}, {figure}", was, is_, good=good))
    return [change for change in found if change.before != change.after]


def _change(name: str, before: _measure.Floats, after: _measure.Floats, *, good: bool) -> Change:
    moved = _measure.difference(after, before)
    worse = moved.high < 0 if good else moved.low > 0
    return Change(name, float(before.mean()), float(after.mean()), moved, bool(worse))
