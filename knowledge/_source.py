"""Sources of a catalogue: files in any known format, and the starter catalogue that the program ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from knowledge import importers
from knowledge.importers import overlay
from knowledge.importers.report import Imported
from knowledge.importers.table import ColumnMapping
from knowledge.procedures import Procedure
from store.errors import Invalid

STARTER = Path(__file__).parent / "starter"


def read_source(
    path: Path,
    *,
    as_of: date | None = None,
    mapping: ColumnMapping | Mapping[str, Any] | None = None,
    progress: Callable[[float], None] = lambda _share: None,
) -> Imported:
    """Read whatever kind of source `path` is: our own YAML, a folder of it, or a file that `knowledge.importers` knows.

    National records bring no everyday names: those that the starter catalogue gives to the same codes are added, since
    they are words of citizens and not facts of an authority.

    Raises:
        Invalid: the kind is unknown, or the source cannot be read.
    """
    if path.is_dir():
        files = sorted(path.glob("*.yml"))
        if not files:
            raise Invalid(f"The folder {path.name} holds no .yml file.")
        return overlay.load(files, starter=path.resolve() == STARTER.resolve(), name=path.name)
    if path.suffix in {".yml", ".yaml"}:
        return overlay.load([path])
    imported = importers.read(path, as_of=as_of, mapping=mapping, progress=progress)
    return Imported(with_everyday(imported.procedures), imported.report)


def with_everyday(procedures: Sequence[Procedure]) -> tuple[Procedure, ...]:
    """The same records, with the starter's everyday names where a record of the same code has none."""
    if not STARTER.is_dir() or all(p.everyday for p in procedures):
        return tuple(procedures)
    said = {p.code: p.everyday for p in overlay.load(STARTER.glob("*.yml")).procedures}
    return tuple(
        p.model_copy(update={"everyday": said[p.code]}) if not p.everyday and p.code in said else p for p in procedures
    )
