"""The description of the public doors, served at `/openapi.json`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

PATH = "/openapi.json"
_FILE = Path(__file__).parent / "openapi.yml"


@cache
def description() -> dict[str, Any]:
    """All doors there may be, as an OpenAPI 3.1 document."""
    read: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return read


def add_description(app: web.Application) -> None:
    """Serve the description of what the app has; call it when every other route is there."""

    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    app.router.add_get(PATH, serve)
    there = {resource.canonical for resource in app.router.resources()}
    every = description()
    paths = {path: operations for path, operations in every["paths"].items() if path in there}
    body = json.dumps({**every, "paths": paths}, ensure_ascii=False).encode()
