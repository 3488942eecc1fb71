"""The folder of one version of the catalogue: written whole or not at all, checked before it is used.

`procedures.jsonl` holds one procedure a line, `procedures.json` where each begins, `manifest.json` the checksum of
every other file; the rest belongs to the search.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from knowledge.procedures import Procedure
from knowledge.search import Searcher
from knowledge.search._index import fingerprint
from knowledge.search.build import build
from knowledge.settings import KnowledgeSettings
from store.errors import Invalid

_MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished-"
_SAMPLE = 25
_LEAST_FOUND = 0.9
Progress = Callable[[str, float], None]


class Procedures(Mapping[str, Procedure]):
    """The procedures of a version by code, each read from disk when it is asked for."""

    def __init__(self, folder: Path) -> None:
        places = json.loads((folder / "procedures.json").read_text(encoding="utf-8"))
        self._places: dict[str, list[int]] = places
        # An open file stays readable after its name is gone, so a pruned version finishes its answers.
        self._file = os.open(folder / "procedures.jsonl", os.O_RDONLY)
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

    def _parse(self, code: str) -> Procedure:
        start, length = self._places[code]
        return Procedure.model_validate_json(os.pread(self._file, length, start))


def write(
    home: Path,
    version: str,
    procedures: Sequence[Procedure],
    about: Mapping[str, Any],
    settings: KnowledgeSettings,
    progress: Progress,
) -> Path:
    """Build a version in a temporary folder, bring it to disk, and give it its name in one step.

    Raises:
        Invalid: the catalogue is empty or its model cannot be loaded.
        OSError: the disk refuses.
    """
    work = home / f"{_UNFINISHED}{version}"
    work.mkdir(parents=True)
    try:
        _write_procedures(work, procedures)
        build(procedures, work, settings, progress)
        manifest = {
            **about,
            "index": fingerprint(),
            "version": version,
            "procedures": len(procedures),
            "files": _checksums(work),
        }
        (work / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        for file in _files(work):
            _sync(file)
        for folder in (*(p for p in work.rglob("*") if p.is_dir()), work):
            _sync(folder)
        final = home / version
        work.rename(final)
        _sync(home)
        return final
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def read(folder: Path) -> tuple[Procedure, ...]:
    """All procedures of a version."""
    return tuple(Procedures(folder).values())


def is_current(folder: Path, settings: KnowledgeSettings) -> bool:
    """Whether the version's index was made by this release of the program with the model that the settings name."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(manifest.get("index") == fingerprint() and manifest.get("model") == settings.model)


def remove_unfinished(home: Path) -> None:
    """Take away what interrupted builds left; only while no other build runs."""
    for folder in home.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(folder, ignore_errors=True)


def check(folder: Path, *, searches: bool = True) -> None:
    """Make sure that a version is whole and that its search finds procedures by their own names.

    Raises:
        Invalid: a file is missing or changed, or too few procedures are found.
    """
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"Version {folder.name} has no readable manifest: {error}") from error
    found = _checksums(folder)
    for name, checksum in manifest["files"].items():
        if found.get(name) != checksum:
            raise Invalid(f"Version {folder.name}: the file {name} is missing or was changed.")
    if not searches:
        return
    searcher = Searcher.load(folder)
    procedures = Procedures(folder)
    codes = list(procedures)
    sample = codes[:: max(1, len(codes) // _SAMPLE)]
    missed = [code for code in sample if code not in {h.code for h in searcher.search(procedures[code].name).hits}]
    if len(missed) > (1 - _LEAST_FOUND) * len(sample):
        raise Invalid(f"Version {folder.name}: the search does not find {', '.join(missed[:5])} by their own names.")


def _write_procedures(folder: Path, procedures: Sequence[Procedure]) -> None:
    places: dict[str, list[int]] = {}
    offset = 0
    with (folder / "procedures.jsonl").open("wb") as file:
        for procedure in procedures:
            line = procedure.model_dump_json(exclude_defaults=True).encode() + b"\n"
            places[procedure.code] = [offset, len(line)]
            offset += file.write(line)
    (folder / "procedures.json").write_text(json.dumps(places), encoding="utf-8")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _checksums(folder: Path) -> dict[str, str]:
    out = {}
    for path in _files(folder):
        if path.name != _MANIFEST:
            with path.open("rb") as file:
                out[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return out


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
