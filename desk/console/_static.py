"""The console's own files: read once, their names carry a hash of what they hold, so that a browser keeps them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aiohttp import web

from desk.console._access import anyone

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}


class StaticFiles:
    """The files of the folder `static`; nothing outside it can be asked for."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._named: dict[str, str] = {}
        self._files: dict[str, tuple[bytes, str]] = {}
        for path in sorted(folder.iterdir()):
            if path.suffix in _TYPES:
                body = path.read_bytes()
                hashed = f"{path.stem}.{hashlib.sha256(body).hexdigest()[:12]}{path.suffix}"
                self._named[path.name] = hashed
                self._files[hashed] = (body, _TYPES[path.suffix])

    def url(self, name: str) -> str:
        """Address of a file; raises KeyError when the folder has none of that name."""
        return f"/static/{self._named[name]}"

    def add_routes(self, app: web.Application) -> None:
        """Serve the files to anybody: the sign-in page needs them."""

        @anyone
        async def file(request: web.Request) -> web.Response:
            found = self._files.get(request.match_info["name"])
            if found is None:
                raise web.HTTPNotFound
            body, kind = found
            headers = {"Cache-Control": "public, max-age=31536000, immutable"}
            charset = None if kind == "image/png" else "utf-8"
            return web.Response(body=body, content_type=kind, charset=charset, headers=headers)

        app.router.add_get("/static/{name}", file)
