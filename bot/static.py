"""The page's own files, read once and served from memory, compressed and with entity tags."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain",
}
_TEXT = frozenset({".html", ".css", ".js", ".svg", ".json", ".webmanifest", ".txt"})


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes | None
    kind: str
    charset: str | None
    tag: str


class StaticFiles:
    """The files of a folder, read at the start: nothing outside it can be asked for."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _load(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in _TYPES
        }

    def response(self, request: web.Request, name: str) -> web.Response:
        """The file, or 304 when the client has it already.

        Raises:
            web.HTTPNotFound: there is no such file.
        """
        file = self._files.get(name)
        if file is None:
            raise web.HTTPNotFound
        headers = {"ETag": f'"{file.tag}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        asked = request.if_none_match or ()
        if any(tag.value in {file.tag, "*"} for tag in asked):
            return web.Response(status=304, headers=headers)
        body = file.body
        if file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", "").lower():
            headers["Content-Encoding"] = "gzip"
            body = file.packed
        return web.Response(body=body, headers=headers, content_type=file.kind, charset=file.charset)


def _load(path: Path) -> _File:
    body = path.read_bytes()
    text = path.suffix in _TEXT
    packed = gzip.compress(body, 9, mtime=0) if text else None
    return _File(
        body=body,
        packed=packed if packed is not None and len(packed) < len(body) else None,
        kind=_TYPES[path.suffix],
        charset="utf-8" if text else None,
        tag=hashlib.sha256(body).hexdigest()[:20],
    )
