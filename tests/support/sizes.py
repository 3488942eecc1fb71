"""What a process keeps in memory, part by part: whether it grows, or fills caches that end somewhere."""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.util import LRUCache

from bot.ratelimit import RateLimiter

_KIB = 1024
_ARENAS = re.compile(rb"(\d+) arenas \* (\d+) bytes/arena")
_IN_USE = re.compile(rb"# bytes in allocated blocks\s+=\s+([\d,]+)")
_UNUSED = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks")


class _Heap(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    _fields_ = [(name, ctypes.c_size_t) for name in (*_UNUSED, "uordblks", "fordblks", "keepcost")]


def sizes() -> dict[str, int]:
    """KiB or numbers, by name; what a machine does not tell is left out."""
    gc.collect()
    objects = gc.get_objects()
    limiters = [each for each in objects if isinstance(each, RateLimiter)]
    caches = [each for each in objects if isinstance(each, LRUCache)]
    return {
        **_resident(),
        **_c_heap(),
        **_sqlite(),
        **_python_heap(),
        "Python blocks": sys.getallocatedblocks(),
        "Python objects": len(objects),
        "rate limit buckets": sum(len(limiter._buckets) for limiter in limiters),
        "statements kept": sum(len(cache) for cache in caches),
    }


def _resident() -> dict[str, int]:
    lines = [line.split() for line in Path("/proc/self/status").read_text().splitlines()]
    names = {"RssAnon:": "own memory KiB", "RssFile:": "programs read KiB"}
    return {names[line[0]]: int(line[1]) for line in lines if line and line[0] in names}


def _c_heap() -> dict[str, int]:
    info: Callable[[], _Heap] | None = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if info is None:
        return {}
    info.restype = _Heap  # type: ignore[attr-defined]
    heap = info()
    return {"C heap used KiB": heap.uordblks // _KIB, "C heap free KiB": heap.fordblks // _KIB}


def _sqlite() -> dict[str, int]:
    found = ctypes.util.find_library("sqlite3")
    if found is None:
        return {}
    used = ctypes.CDLL(found).sqlite3_memory_used
    used.restype = ctypes.c_int64
    return {"of it SQLite KiB": int(used()) // _KIB}


def _python_heap() -> dict[str, int]:
    """What Python holds for small objects, and how much of it is in use: an arena with one object left is kept."""
    with tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            sys._debugmallocstats()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        said.seek(0)
        text = said.read()
    arenas, used = _ARENAS.search(text), _IN_USE.search(text)
    if arenas is None or used is None:
        return {}
    held = int(arenas[1]) * int(arenas[2])
    return {"Python heap KiB": held // _KIB, "of it used KiB": int(used[1].replace(b",", b"")) // _KIB}
