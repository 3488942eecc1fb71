"""The folder of one version of the catalogue: written whole or not at all, checked before it is used.

When a version is staged: `records.jsonl` (as imported), `procedures.jsonl` (the province's layer laid over them, one a
line), `procedures.json` (where each begins), `words.json` (the admins' vocabulary of that day) and `diff.json`. When it
is built: what the search wrote, and last `manifest.json`, the checksum of every other file. A folder without a manifest
is not built.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from knowledge.procedures import Procedure
from knowledge.search import Searcher
from knowledge.search._index import fingerprint
from knowledge.settings import KnowledgeSettings
from knowledge.text import fold
from store.errors import Invalid

RECORDS, PROCEDURES, WORDS, DIFF = "records.jsonl", "procedures.jsonl", "words.json", "diff.json"
_PLACES, _MANIFEST = "procedures.json", "manifest.json"
# What stays when a version is pruned: it can still be read, compared and built again.
_KEPT = frozenset({RECORDS, PROCEDURES, _PLACES, WORDS, DIFF})
_UNFINISHED = ".unfinished-"
_SAMPLE = 25
_LEAST_FOUND = 0.9


class Procedures(Mapping[str, Procedure]):
    """The procedures of a version by code, each read from disk when it is asked for."""

    def __init__(self, folder: Path) -> None:
        places = json.loads((folder / _PLACES).read_text(encoding="utf-8"))
        self._places: dict[str, list[int]] = places
        # An open file stays readable after its name is gone, so a pruned version finishes its answers.
        self._file = os.open(folder / PROCEDURES, os.O_RDONLY)
        self._read = lru_cache(maxsize=512)(self._parse)

    def __getitem__(self, code: str) -> Procedure:
        if code not in self._places:
            raise KeyError(code)
        return self._read(code)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def line(self, code: str) -> bytes:
        """The record as it stands in the file, without the end of the line."""
        start, length = self._places[code]
        return os.pread(self._file, length, start).rstrip(b"\n")

    def _parse(self, code: str) -> Procedure:
        return Procedure.model_validate_json(self.line(code))


@contextmanager
def workspace(home: Path, version: str) -> Iterator[tuple[Path, int]]:
    """A folder to prepare a version in, and the open handle that keeps others from clearing it away.

    A process that is given the handle keeps the folder too. What is left in the folder at the end is deleted.
    """
    work = home / f"{_UNFINISHED}{version}"
    while True:
        work.mkdir(parents=True, exist_ok=True)
        handle = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Between the two steps somebody may have taken it for abandoned.
        with suppress(FileNotFoundError):
            if os.stat(work).st_ino == os.fstat(handle).st_ino:
                break
        os.close(handle)
    try:
        yield work, handle
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(handle)


def clear(home: Path) -> None:
    """Take away the workspaces of processes that were killed; those in use stay."""
    for work in home.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            handle = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(work, ignore_errors=True)
            finally:
                os.close(handle)


def write_records(folder: Path, records: Iterable[Procedure], name: str = RECORDS) -> int:
    """Write records, one a line; for `procedures.jsonl` also where each begins. Gives their number."""
    places: dict[str, list[int]] = {}
    offset = 0
    with (folder / name).open("wb") as file:
        for record in records:
            line = record.model_dump_json(exclude_defaults=True).encode() + b"\n"
            places[record.code] = [offset, len(line)]
            offset += file.write(line)
    if name == PROCEDURES:
        (folder / _PLACES).write_text(json.dumps(places), encoding="utf-8")
    return len(places)


def stage(work: Path, home: Path, version: str) -> None:
    """Bring a prepared folder to disk and give it its name in one step."""
    for file in _files(work):
        _sync(file)
    _sync(work)
    work.rename(home / version)
    _sync(home)


def install(work: Path, folder: Path, about: Mapping[str, Any]) -> None:
    """Bring what was built in `work` to disk and into the version's folder; the manifest, last, makes it count."""
    strip(folder)
    checksums = {**_checksums(folder), **_checksums(work)}
    manifest = {**about, "index": fingerprint(), "version": folder.name, "files": checksums}
    (work / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    for file in _files(work):
        _sync(file)
    for inner in (path for path in work.rglob("*") if path.is_dir()):
        _sync(inner)
    for path in work.iterdir():
        if path.name != _MANIFEST:
            path.rename(folder / path.name)
    _sync(folder)
    (work / _MANIFEST).rename(folder / _MANIFEST)
    _sync(folder)


def strip(folder: Path) -> None:
    """Take away what was built; what was staged stays."""
    (folder / _MANIFEST).unlink(missing_ok=True)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in _KEPT:
            path.unlink(missing_ok=True)


def is_built(folder: Path) -> bool:
    """Whether the version was built to its end."""
    return (folder / _MANIFEST).exists()


def read(folder: Path) -> tuple[Procedure, ...]:
    """All procedures of a version, the province's layer included."""
    return tuple(Procedures(folder).values())


def records(folder: Path) -> tuple[Procedure, ...]:
    """The records of a version as they were imported."""
    # Before the province's layer there was one file for both.
    path = folder / (RECORDS if (folder / RECORDS).exists() else PROCEDURES)
    with path.open("rb") as file:
        return tuple(Procedure.model_validate_json(line) for line in file)


def lines(folder: Path) -> dict[str, bytes]:
    """The procedures of a version as they stand in its file, by code."""
    held = Procedures(folder)
    return {code: held.line(code) for code in held}


def words(folder: Path) -> list[dict[str, Any]]:
    """The admins' vocabulary that goes with a version."""
    path = folder / WORDS
    held: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return held


def write_diff(folder: Path, difference: Mapping[str, Any]) -> None:
    """Keep the comparison of a version with what was live."""
    draft = folder / f".{DIFF}"
    draft.write_text(json.dumps(difference, ensure_ascii=False), encoding="utf-8")
    draft.replace(folder / DIFF)


def read_diff(folder: Path) -> dict[str, Any] | None:
    """The comparison that was kept; None when there is none."""
    try:
        held: dict[str, Any] = json.loads((folder / DIFF).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return held


def is_current(folder: Path, settings: KnowledgeSettings) -> bool:
    """Whether the version's index was made by this release of the program with the model that the settings name."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(manifest.get("index") == fingerprint() and manifest.get("model") == settings.model)


def check(folder: Path) -> None:
    """Make sure that a built version is whole.

    Raises:
        Invalid: a file is missing or changed.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"Version {folder.name} has no readable manifest: {error}") from error
    found = _checksums(folder)
    for name, checksum in manifest["files"].items():
        if found.get(name) != checksum:
            raise Invalid(f"Version {folder.name}: the file {name} is missing or was changed.")


def check_search(searcher: Searcher, procedures: Mapping[str, Procedure]) -> None:
    """Make sure that a search finds procedures by their own names, or another of the same name.

    Raises:
        Invalid: too few of a sample are found.
    """
    codes = list(procedures)
    sample = codes[:: max(1, len(codes) // _SAMPLE)]
    # Many provinces publish a procedure under one name, so the code alone says too little.
    missed = [
        code
        for code in sample
        if fold(procedures[code].name)
        not in {fold(procedures[hit.code].name) for hit in searcher.search(procedures[code].name).hits}
    ]
    if len(missed) > (1 - _LEAST_FOUND) * len(sample):
        raise Invalid(f"The search of this version does not find {', '.join(missed[:5])} by their own names.")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _checksums(folder: Path) -> dict[str, str]:
    out = {}
    for path in _files(folder):
        # A comparison is made anew when the version is approved.
        if path.name not in {_MANIFEST, DIFF}:
            with path.open("rb") as file:
                out[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return out


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
