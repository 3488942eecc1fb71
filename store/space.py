"""How much room is left on the disk: what cannot be kept must not be taken."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)
_LOOK_S = 1.0
_SAY_S = 60.0
_MEBIBYTE = 1024 * 1024


class Space:
    """Watches the disks of some folders.

    Args:
        folders: where the program writes; one that is not there yet counts by the folder above it.
        least: MiB below which nothing more is taken.
        clock: seconds that only grow.
    """

    def __init__(self, folders: Iterable[Path], least: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folders = tuple(folders)
        self._least = least * _MEBIBYTE
        self._clock = clock
        self._free = 0
        self._until = float("-inf")
        self._said = float("-inf")

    def free(self) -> int:
        """Bytes left on the fullest disk, looked at once a second at most."""
        moment = self._clock()
        if moment >= self._until:
            self._until = moment + _LOOK_S
            self._free = min((_free(folder) for folder in self._folders), default=0)
        return self._free

    def low(self) -> bool:
        """Whether new messages and files must be refused; says so in the log, once a minute."""
        if not self._folders or self.free() >= self._least:
            return False
        if self._clock() >= self._said + _SAY_S:
            self._said = self._clock()
            _log.critical(
                "the disk is full: nothing new is taken until there is room again",
                free_mb=self._free // _MEBIBYTE,
                wanted_mb=self._least // _MEBIBYTE,
            )
        return True


def _free(folder: Path) -> int:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
