"""Heavy work in a process of its own: the one that asked goes on serving, and nothing outlives it.

The job goes in as one line of JSON on standard input, which then stays open: when the asking process dies, in whatever
way, the child reads its end and dies too. Progress and the result come back as lines of JSON. Handles that are passed
on keep their locks until both processes are gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from store.errors import Conflict, Invalid, MotcuaError, NotFound, Unavailable

_ROOT = Path(__file__).resolve().parent.parent
_LONGEST_LINE = 1 << 26
_ERRORS = {error.code: error for error in (Conflict, Invalid, NotFound, Unavailable)}
Progress = Callable[[str, float], None]


async def run(job: Mapping[str, Any], progress: Progress, *, keep: tuple[int, ...] = (), threads: int = 2) -> Any:
    """Do a job of `knowledge._build_process` and give its result.

    Args:
        job: what to do; plain values.
        progress: told each step.
        keep: open handles that the child holds on to, for their locks.
        threads: processor threads that its libraries may use.

    Raises:
        MotcuaError: the job failed; of the kind that it raised, or this base when the process broke down.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH")))),
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "knowledge._build_process"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        env=environment,
        pass_fds=keep,
        # A Ctrl-C is for the process that asked; the child ends with it.
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    last: deque[str] = deque(maxlen=20)
    listening = asyncio.create_task(_listen(process.stderr, last))
    result: Mapping[str, Any] = {}
    try:
        process.stdin.write(json.dumps(job).encode() + b"\n")
        await process.stdin.drain()
        async for line in process.stdout:
            result = json.loads(line)
            if "step" in result:
                progress(result["step"], result["share"])
        await process.wait()
        await listening
    except (BrokenPipeError, ConnectionResetError):
        await process.wait()
        await listening
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        listening.cancel()
        process.stdin.close()
    if "error" in result:
        raise _ERRORS.get(result["error"], MotcuaError)(result["message"])
    if process.returncode or "done" not in result:
        said = " ".join(last) or "it said nothing"
        raise MotcuaError(f"The process that built the catalogue ended with {process.returncode}: {said[-1500:]}")
    return result["done"]


async def _listen(stream: asyncio.StreamReader, last: deque[str]) -> None:
    async for line in stream:
        last.append(line.decode(errors="replace").strip())
