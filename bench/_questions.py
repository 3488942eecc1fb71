"""The shared questions and the built search that the measurements work on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.catalogue import read_source
from knowledge.procedures import Procedure
from knowledge.search.build import build
from knowledge.settings import KnowledgeSettings
from knowledge.text import fold

_ROOT = Path(__file__).resolve().parent.parent
OUTPUT = _ROOT / "var" / "bench"
_KEPT = 3
_OURS = re.compile(r"[0-9a-f]{16}|unfinished-.*")
# Files that only the search uses, not the build.
_AT_SEARCH = frozenset({"searcher.py", "_decision.py", "findings.py", "curve.py"})
_SETS = {
    "editor_written_question": "editor",
    "real_portal_question": "portal",
    "developer_written_question": "developer",
    "llm_generated_question": "machine",
}


@dataclass(frozen=True)
class Question:
    """A question with the codes that answer it (none: no procedure does).

    Attributes:
        text: as it was asked.
        plain: the same without diacritics.
        codes: procedures that answer it.
        group: the set it belongs to; of a negative, its kind.
        commune: whether a real commune of An Giang (Núi Cấm) lists a procedure that answers it.
    """

    text: str
    plain: str
    codes: frozenset[str]
    group: str
    commune: bool = False


def shared_folder(given: str | None = None) -> Path:
    """The folder of the shared data: as given, $MOTCUA_SHARED_DATA, or `shared/data` beside the repository."""
    return Path(given or os.environ.get("MOTCUA_SHARED_DATA") or _ROOT.parent / "shared" / "data")


def labelled(shared: Path, name: str = "dev_labelled.jsonl") -> list[Question]:
    """Questions with the right procedures."""
    out = []
    for line in (shared / "questions" / name).read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        plain = raw.get("question_no_diacritics") or fold(raw["question"])
        group = _SETS.get(raw["kind"], raw["kind"])
        commune = bool(raw.get("in_an_giang_commune_list"))
        out.append(Question(raw["question"], plain, frozenset(raw["codes"]), group, commune))
    return out


def negatives(shared: Path) -> list[Question]:
    """Questions that no procedure answers."""
    out = []
    for line in (shared / "questions" / "dev_negatives.jsonl").read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        out.append(Question(raw["question"], fold(raw["question"]), frozenset(), raw["kind"]))
    return out


def held(questions: Sequence[Question], codes: set[str]) -> list[Question]:
    """The questions that a catalogue with these codes can answer, each with the codes it has."""
    return [replace(q, codes=q.codes & codes) for q in questions if q.codes & codes]


def built(catalogue: Path, settings: KnowledgeSettings) -> tuple[Path, tuple[Procedure, ...]]:
    """The search folder of a catalogue, from `var/bench` when nothing that goes into it has changed since."""
    digest = hashlib.sha256(settings.model_dump_json().encode())
    sources = [catalogue] if catalogue.is_file() else sorted(catalogue.glob("*.yml"))
    knowledge = _ROOT / "knowledge"
    ours = [
        knowledge / name
        for name in (
            "vocabulary.py",
            "_vocabulary_rows.py",
            "text.py",
            "_syllables.py",
            "_teencode.py",
            "procedures.py",
            "data/calibration.json",
        )
    ]
    for room in ("search", "importers", "data/vocabulary", "starter"):
        ours += sorted(p for p in (knowledge / room).iterdir() if p.is_file() and p.name not in _AT_SEARCH)
    for path in (*sources, *ours):
        digest.update(path.name.encode() + path.read_bytes())
    folder = OUTPUT / digest.hexdigest()[:16]
    procedures = read_source(catalogue).procedures
    if not folder.is_dir():
        print(f"building the search of {len(procedures)} procedures …", file=sys.stderr, flush=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder.parent))
        build(procedures, work, settings)
        try:
            work.rename(folder)
        except OSError:
            # Another run built the same meanwhile.
            shutil.rmtree(work)
        made = [path for path in folder.parent.iterdir() if _OURS.fullmatch(path.name)]
        older = sorted(made, key=lambda path: path.stat().st_mtime)[:-_KEPT]
        for path in older:
            shutil.rmtree(path, ignore_errors=True)
    return folder, procedures
