"""Asking `desk._file_check`, the process that looks into one file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import structlog

from desk._file_check import Checked
from desk._file_limits import Limits, Refusal

_ROOT = Path(__file__).resolve().parent.parent
_log = structlog.get_logger(__name__)
GAVE_UP = "Tệp này tôi không mở được. Anh/chị chụp ảnh giấy tờ rồi gửi ảnh giúp tôi."


async def check(name: str, content: bytes, limits: Limits, *, seconds: float) -> Checked:
    """Look into a file in a process of its own.

    Args:
        name: as the sender called it, cleaned.
        seconds: how long it may take.

    Raises:
        Refusal: the file is not taken, or the process did not survive it.
    """
    process = await asyncio.create_subprocess_exec(
        # -P: nothing of the folder the program was started in.
        *(sys.executable, "-P", "-m", "desk._file_check"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # The program's settings and keys are none of its business.
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    job = {"name": name, "limits": asdict(limits), "seconds": max(1, round(seconds))}
    try:
        async with asyncio.timeout(seconds * 2):
            said, _ = await process.communicate(json.dumps(job).encode() + b"\n" + content)
    except TimeoutError:
        said = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    head, _, kept = said.partition(b"\n")
    if process.returncode or not head:
        # Nothing of the file itself: its name may name a person.
        _log.warning("a file ended the process that looked into it", ended=process.returncode, size=len(content))
        raise Refusal(GAVE_UP)
    answer = json.loads(head)
    if "refused" in answer:
        raise Refusal(answer["refused"])
    return Checked(answer["name"], answer["media_type"], kept)
