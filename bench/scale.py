"""`python -m bench scale`: building, memory and speed of the search at 2,754 and at 100,000 procedures.

The large catalogue is the national one, its procedures repeated with the names of provinces and communes. Each
measurement runs in a process of its own: the build (wall and processor seconds, peak memory), and the serving on one
core (seconds to load, memory, latency of the development questions once everything is warm; a search counts with the
reading of its first hit from disk). Large catalogues are searched through candidates; how often that
gives the same first hit as scoring everything is printed too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench._multiply import multiplied, places
from bench._questions import labelled, shared_folder
from bench._table import print_table
from knowledge import _versions
from knowledge.catalogue import read_source
from knowledge.procedures import Procedure
from knowledge.search import Searcher, _index
from knowledge.search._dense import Vectors
from knowledge.search.build import build
from knowledge.settings import KnowledgeSettings
from knowledge.vocabulary import Vocabulary

_MIB = 1024 * 1024
LIMITS = {2_754: 5.0, 100_000: 20.0}
_ROUNDS = 3


def main(arguments: list[str]) -> int:
    """Measure; 1 when a p95 is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m bench scale", description=__doc__)
    parser.add_argument("--shared", help="folder of the shared data (or $MOTCUA_SHARED_DATA)")
    parser.add_argument("--procedures", type=int, nargs="+", default=list(LIMITS), help="sizes to measure")
    parser.add_argument("--work", type=Path, help="folder to build in and to keep; a temporary one when not given")
    options = parser.parse_args(arguments)
    shared = shared_folder(options.shared)
    if not (shared / "catalogue").is_dir():
        print(f"bench scale: no shared data in {shared.name!r}; give --shared", file=sys.stderr)
        return 2
    if min(options.procedures) < 1:
        print("bench scale: a catalogue needs at least one procedure", file=sys.stderr)
        return 2
    work = options.work or Path(tempfile.mkdtemp(prefix="motcua-scale-"))
    rows = []
    fine = True
    try:
        for size in options.procedures:
            folder = work / str(size)
            made = _kept(folder) or json.loads(_child("build", shared, folder, size))
            served = json.loads(_child("serve", shared, folder, size))
            limit = LIMITS.get(size)
            fine &= limit is None or served["p95"] <= limit
            rows.append(_row(size, {**made, **served}))
            print(f"{size:,}: p95 {served['p95']:.1f} ms", file=sys.stderr, flush=True)
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)
    head = ["procedures", "build s", "CPU s", "peak MiB", "on disk MiB", "load s", "resident MiB", "own MiB", "p50 ms"]
    print_table([*head, "p95 ms", "p95 CPU ms", "same first hit"], rows)
    return 0 if fine else 1


def _row(size: int, figures: dict[str, Any]) -> list[str]:
    names = ("build", "cpu", "peak", "disk", "load", "resident", "own")
    row = [f"{size:,}", *(f"{figures[name]:.1f}" for name in names)]
    row += [f"{figures[name]:.2f}" for name in ("p50", "p95", "p95_cpu")]
    return [*row, f"{100 * figures['same']:.1f} %"]


def _kept(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / "measured.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _child(what: str, shared: Path, folder: Path, size: int) -> str:
    words = [sys.executable, "-m", "bench.scale", what, str(shared), str(folder), str(size)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def _catalogue(shared: Path, size: int) -> list[Procedure]:
    """The province's own procedures at their size; otherwise the national ones, multiplied or cut."""
    province = size == 2_754
    name = "province_2754.jsonl.gz" if province else "national_5775.jsonl.gz"
    procedures = read_source(shared / "catalogue" / name).procedures
    return list(procedures if province else multiplied(procedures, places(shared), size))


def _build(shared: Path, folder: Path, size: int) -> dict[str, float]:
    procedures = _catalogue(shared, size)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"building {len(procedures):,} procedures …", file=sys.stderr, flush=True)
    began, used = time.perf_counter(), time.process_time()
    _versions.write_records(folder, procedures, "procedures.jsonl")
    build(procedures, folder, KnowledgeSettings(), _tell())
    figures = {"build": time.perf_counter() - began, "cpu": time.process_time() - used}
    figures["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures["disk"] = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / _MIB
    (folder / "measured.json").write_text(json.dumps(figures), encoding="utf-8")
    return figures


def _tell() -> Any:
    """Says on the terminal how far a build is, at most once a second."""
    last = [0.0]

    def tell(what: str, share: float) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() and (now - last[0] > 1 or share >= 1):
            last[0] = now
            print(f"\r{100 * share:3.0f} % {what:<10}", end="" if share < 1 else "\n", file=sys.stderr, flush=True)

    return tell


def _serve(shared: Path, folder: Path) -> dict[str, float]:
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = [text for question in labelled(shared) for text in (question.text, question.plain)]
    began = time.perf_counter()
    procedures = _versions.Procedures(folder)
    index = _index.load(folder)
    searcher = Searcher(index, Vocabulary.of(folder))
    loading = time.perf_counter() - began

    def ask(text: str) -> str:
        hits = searcher.search(text).hits
        return procedures[hits[0].code].code if hits else ""

    for text in texts:
        ask(text)
    walls, used = [], []
    for _ in range(_ROUNDS):
        for text in texts:
            began, spent = time.perf_counter(), time.thread_time()
            ask(text)
            walls.append(1000 * (time.perf_counter() - began))
            used.append(1000 * (time.thread_time() - spent))
    memory = psutil.Process().memory_full_info()
    hits = [ask(text) for text in texts]
    for leg in index.legs.values():
        leg.by_row = None
    index.vectors = Vectors.make(np.array(index.vectors.rows), flat=True)
    same = sum(ask(text) == hit for text, hit in zip(texts, hits, strict=True)) / len(texts)
    # Resident: with mapped files as far as they are in memory, which all processes share; own: without.
    sizes = {"resident": memory.rss / _MIB, "own": memory.uss / _MIB}
    latency = {"p50": _quantile(walls, 0.5), "p95": _quantile(walls, 0.95), "p95_cpu": _quantile(used, 0.95)}
    return {"load": loading, **sizes, **latency, "same": same}


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


if __name__ == "__main__":
    _what, _shared, _folder, _size = sys.argv[1:]
    if _what == "build":
        print(json.dumps(_build(Path(_shared), Path(_folder), int(_size))))
    else:
        print(json.dumps(_serve(Path(_shared), Path(_folder))))
