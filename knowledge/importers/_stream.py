"""Bytes of a file, plain or gzipped, cut into JSON records without holding more than one of them."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from store.errors import Invalid

MAX_RECORD = 8_000_000
# One answer of an API may hold a whole page of records; a list in a file is cut into its records.
MAX_VALUE = 64_000_000
# What a gzip file may grow to: the whole country's catalogue is 60 MB.
MAX_UNPACKED = 4_000_000_000
_CHUNK = 1 << 18
_MARK = re.compile(rb'[{}\[\]"]')
_STRING_END = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

Progress = Callable[[float], None]


class TooLong(Exception):
    """A record longer than any real one."""


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; raises Invalid when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as raw:
            for block in iter(lambda: raw.read(1 << 20), b""):
                digest.update(block)
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


class _Limited:
    """Reads on until more than the allowed number of bytes came out."""

    def __init__(self, inner: BinaryIO, name: str) -> None:
        self._inner = inner
        self._name = name
        self._left = MAX_UNPACKED

    def read(self, size: int) -> bytes:
        data = self._inner.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Invalid(f"{self._name} unpacks to more than {MAX_UNPACKED // 10**9} GB: it is no catalogue.")
        return data

    def readline(self, size: int) -> bytes:
        data = self._inner.readline(size)
        self._left -= len(data)
        if self._left < 0:
            raise Invalid(f"{self._name} unpacks to more than {MAX_UNPACKED // 10**9} GB: it is no catalogue.")
        return data


@contextmanager
def opened(path: Path, progress: Progress | None = None) -> Iterator[Reader]:
    """A file's content, unpacked if it is gzip by its content or by its name.

    Raises:
        Invalid: it cannot be read, or is not a whole gzip file.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b" or path.suffix == ".gz"
            raw.seek(0)
            inner = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
            size = max(path.stat().st_size, 1)
            yield Reader(
                _Limited(inner, path.name), lambda: progress(min(raw.tell() / size, 1.0)) if progress else None
            )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Invalid(f"{path.name} is not a whole gzip file: {error}") from error
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror or error}") from error


class Reader:
    """Cuts a stream into lines or into JSON values."""

    def __init__(self, stream: _Limited, tell: Callable[[], None]) -> None:
        self._stream = stream
        self._tell = tell

    def head(self, size: int = 65_536) -> bytes:
        """The first bytes, for looking at what it is; the rest is no longer readable from the beginning."""
        return self._stream.read(size)

    def lines(self) -> Iterator[tuple[int, bytes | TooLong]]:
        """(number from 1, line) of each line that is not blank."""
        number = 0
        while line := self._stream.readline(MAX_RECORD + 1):
            number += 1
            self._tell()
            if len(line) > MAX_RECORD:
                while line and not line.endswith(b"\n"):
                    line = self._stream.readline(MAX_RECORD)
                yield number, TooLong()
            elif line.strip():
                yield number, line

    def values(self) -> Iterator[tuple[int, bytes | TooLong]]:
        """(number from 1, text) of each object: those of a list, or one after the other."""
        buffer = bytearray()
        position = depth = floor = number = 0
        start = -1
        inside_string = False
        while True:
            chunk = self._stream.read(_CHUNK)
            self._tell()
            buffer += chunk
            while position < len(buffer):
                if inside_string:
                    end = _STRING_END.match(buffer, position)
                    if end is None:
                        break
                    position, inside_string = end.end(), False
                    continue
                mark = _MARK.search(buffer, position)
                if mark is None:
                    position = len(buffer)
                    break
                position, sign = mark.end(), mark[0]
                if sign == b'"':
                    inside_string = True
                elif sign in b"{[":
                    if sign == b"[" and depth == floor == 0 and number == 0 and start < 0:
                        floor = depth = 1
                        continue
                    if depth == floor:
                        start = mark.start()
                    depth += 1
                elif depth > floor:
                    depth -= 1
                    if depth == floor and start >= 0:
                        number += 1
                        yield number, bytes(buffer[start:position])
                        del buffer[:position]
                        position, start = 0, -1
            if start < 0 and not inside_string:
                del buffer[:position]
                position = 0
            if not chunk:
                break
            if len(buffer) - max(start, 0) > (MAX_VALUE if floor == 0 else MAX_RECORD):
                yield number + 1, TooLong()
                return
        if start >= 0 and buffer[start:].strip():
            yield number + 1, bytes(buffer[start:])
