"""Our own YAML of procedures: the starter catalogue and a province's layer over the national text.

Strict: an unknown key, a wrong type or a value out of its list is an error that names file, procedure and field, and
nothing of the file is taken. Files are written by hand, so a mistake is better stopped than half understood.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from knowledge.importers.report import Imported, Report, Severity
from knowledge.procedures import Procedure
from knowledge.text import nfc, tokens
from store.errors import Invalid

# Both are safe; the one in C, where PyYAML was built with it, is six times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def checksum(paths: Iterable[Path]) -> str:
    """The checksum that `load` reports for the same files, without reading them as YAML."""
    digest = hashlib.sha256()
    for file in sorted(paths, key=lambda path: path.name):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def load(paths: Iterable[Path], *, starter: bool = False, name: str = "") -> Imported:
    """Read YAML files.

    Args:
        paths: the files; all of them make one catalogue.
        starter: mark every procedure as part of the catalogue that the program ships.
        name: what to call the source in the report; the file's name when there is one file.

    Raises:
        Invalid: a file cannot be read, is not YAML, or a procedure in it is wrong; names file, procedure and field.
    """
    files = sorted(paths, key=lambda path: path.name)
    report = Report(source=name or (files[0].name if len(files) == 1 else f"{len(files)} files"))
    digest = hashlib.sha256()
    seen: dict[str, str] = {}
    everyday: dict[str, str] = {}
    found: list[Procedure] = []
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise Invalid(f"{file.name} cannot be read: {error.strerror or error}") from error
        digest.update(file.name.encode() + b"\0" + data)
        for number, (field, raw) in enumerate(_records(file.name, data), start=1):
            report.total += 1
            procedure = _one(file.name, field, raw, starter)
            where = f"{file.name}, {procedure.code}"
            if procedure.code in seen:
                raise Invalid(f"{where}, code: already in {seen[procedure.code]}")
            seen[procedure.code] = file.name
            for said in procedure.everyday:
                key = " ".join(tokens(said))
                if everyday.setdefault(key, procedure.code) != procedure.code:
                    report.add(
                        number,
                        procedure.code,
                        "everyday",
                        Severity.warning,
                        f"{said!r} is an everyday name of {everyday[key]} too",
                    )
            report.accepted += 1
            found.append(procedure)
    report.sha256 = digest.hexdigest()
    report.tally(found)
    return Imported(tuple(found), report)


def _records(file: str, data: bytes) -> list[tuple[str, Any]]:
    try:
        whole = yaml.load(nfc(data.decode("utf-8")), Loader=_LOADER)  # noqa: S506
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} is not UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f", line {mark.line + 1}" if mark else ""
        raise Invalid(f"{file}{at} is not YAML: {getattr(error, 'problem', error)}") from error
    blocks = whole if isinstance(whole, list) else [whole]
    records: list[tuple[str, Any]] = []
    for block in blocks:
        if not isinstance(block, dict) or not isinstance(block.get("procedures"), list):
            raise Invalid(f"{file}: expected `field:` and a list `procedures:`")
        unknown = sorted(str(key) for key in set(block) - {"field", "procedures"})
        if unknown:
            raise Invalid(f"{file}: unknown key {unknown[0]!r} beside `field` and `procedures`")
        field = block.get("field")
        if field is not None and not isinstance(field, str):
            raise Invalid(f"{file}, field: expected text")
        records.extend((field or "", raw) for raw in block["procedures"])
    return records


def _one(file: str, field: str, raw: Any, starter: bool) -> Procedure:
    code = raw.get("code") if isinstance(raw, dict) else None
    who = str(code or (raw.get("name") if isinstance(raw, dict) else None) or "a procedure without a code")
    if code is not None and not isinstance(code, str):
        raise Invalid(f"{file}, {who}, code: write it in quotes, or it becomes a number")
    if not isinstance(raw, dict):
        raise Invalid(f"{file}, {who}: expected keys and values")
    if "starter" in raw:
        raise Invalid(f"{file}, {who}, starter: this is decided by where the file lies, not in it")
    record = {"field": field, **raw, "starter": starter}
    if isinstance(raw.get("fees"), list):
        record["fees"] = [_fee(fee) for fee in raw["fees"]]
    try:
        return Procedure.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"]) or "record"
        raise Invalid(f"{file}, {who}, {at}: {first['msg']}") from error


def _fee(fee: Any) -> Any:
    """A fee that is only a number says it in words too."""
    if isinstance(fee, dict) and "text" not in fee and isinstance(fee.get("amount"), int):
        return {**fee, "text": f"{fee['amount']:,} đồng".replace(",", ".")}
    return fee
