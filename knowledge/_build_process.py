"""`python -m knowledge._build_process`: the process in which a catalogue is read, built and tested.

Asked by `knowledge._child`, whose text says how the two talk. It reads the database and never writes to it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from store.engine import Database
from store.errors import Invalid, MotcuaError, NotFound

Tell = Callable[[str, float], None]


def stage(job: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Read a source, or take the records that lie there already; lay the province's layer on; compare with live."""
    from knowledge import _versions, diff, overlays, words
    from knowledge._source import read_source, with_everyday
    from knowledge.importers.merging import merge
    from knowledge.importers.report import Imported, Report

    work, home = Path(job["work"]), Path(job["home"])
    out: dict[str, Any] = {}
    tell("reading", 0.0)
    source = job["source"]
    if source is not None:
        as_of = date.fromisoformat(source["as_of"]) if source["as_of"] else None

        def reading(share: float) -> None:
            tell("reading", share / 2)

        imported = read_source(Path(source["path"]), as_of=as_of, mapping=source["mapping"], progress=reading)
        if source["keep"] and job["live"] and imported.procedures:
            held = _versions.records(home / job["live"])
            known = Report(job["live"], total=len(held), accepted=len(held))
            imported = merge(Imported(held, known), imported)
        records = imported.procedures
        out["report"] = imported.report.as_json()
        if not records:
            return out
        _versions.write_records(work, records)
    else:
        records = with_everyday(_versions.records(work))
        _versions.write_records(work, records)
    tell("province layer", 0.5)

    async def layers() -> tuple[Any, list[dict[str, Any]]]:
        database = Database(job["database"])
        try:
            laid = await overlays.list_(database)
            rows = await words.list_(database)
        finally:
            await database.close()
        kept = ("everyday", "official", "ambiguous", "note")
        return laid, [{name: getattr(row, name) for name in kept} for row in reversed(rows)]

    laid, said = asyncio.run(layers())
    _versions.write_records(work, overlays.apply(records, laid, date.fromisoformat(job["today"])), _versions.PROCEDURES)
    (work / _versions.WORDS).write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    tell("comparing", 0.8)
    base = home / job["live"] if job["live"] else None
    difference = diff.folders(base, work, version_id=job["version"])
    _versions.write_diff(work, difference.as_json())
    _versions.stage(work, home, job["version"])
    tell("staged", 1.0)
    return {**out, "procedures": len(records), "diff": difference.counts()}


async def _confirmed(path: Path, address: str) -> dict[str, Any] | None:
    """The columns of a table as they were confirmed before; None for what needs no confirmation."""
    from knowledge import importers
    from knowledge.importers import mappings

    guessed = importers.unconfirmed(path)
    if guessed is None:
        return None
    database = Database(address)
    try:
        known = await mappings.recall(database, guessed.headings)
    finally:
        await database.close()
    if known is None:
        raise Invalid(
            f"Nobody has confirmed yet which column of {path.name} means what: `motcua catalogue import` asks and "
            "remembers it, and so does the console."
        )
    return known.as_json()


def build(job: Mapping[str, Any], tell: Tell) -> None:
    """Train, index and check a staged version."""
    from knowledge import _versions
    from knowledge.search import Searcher
    from knowledge.search.build import build as build_search
    from knowledge.settings import KnowledgeSettings
    from knowledge.vocabulary import Vocabulary

    settings = KnowledgeSettings.model_validate(job["settings"])
    folder, work = Path(job["home"]) / job["version"], Path(job["work"])
    procedures = _versions.read(folder)
    names = {procedure.code: procedure.name for procedure in procedures}
    vocabulary = Vocabulary.shipped().with_rows([SimpleNamespace(**row) for row in _versions.words(folder)], names)
    build_search(procedures, work, settings, tell, vocabulary)
    tell("checking", 1.0)
    _versions.check_search(Searcher.load(work), _versions.Procedures(folder))
    _versions.install(work, folder, {**job["about"], "procedures": len(procedures)})


def test(job: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Ask the golden questions of a built version and of the live one."""
    from knowledge import golden
    from knowledge.search import Searcher

    home = Path(job["home"])
    asked = [golden.Golden(question, tuple(codes)) for question, codes in job["questions"]]
    tell("golden questions", 0.0)
    out: dict[str, Any] = {"golden": golden.measure(Searcher.load(home / job["version"]), asked).as_json()}
    tell("golden questions", 0.5)
    if job["live"]:
        try:
            out["live"] = golden.measure(Searcher.load(home / job["live"]), asked).as_json()
        except (Invalid, NotFound) as error:
            # Another release of the program made it, so this one cannot say how it does.
            out["live_not_measured"] = error.message
    tell("golden questions", 1.0)
    return out


_TASKS: Mapping[str, Callable[[Mapping[str, Any], Tell], Any]] = {"stage": stage, "build": build, "test": test}


def main() -> int:
    """Do the one job on standard input; gives the exit status."""
    # What libraries print goes to the errors: the output is for the lines of JSON.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def say(**what: Any) -> None:
        output.write(json.dumps(what) + "\n")

    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_asker, daemon=True).start()
    os.nice(job["nice"])
    try:
        done = _TASKS[job["task"]](job, lambda step, share: say(step=step, share=share))
    except MotcuaError as error:
        say(error=error.code, message=error.message)
        return error.exit_code
    except OSError as error:
        say(error="unavailable", message=f"The catalogue's folder cannot be used: {error}")
        return 1
    say(done=done)
    return 0


def _die_with_asker() -> None:
    # Nothing more is ever sent: the read ends when the other side is gone.
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
