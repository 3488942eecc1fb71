"""The fake's server."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.fakes._platform import Refused, form
from tests.fakes.telegram.updates import Updates

_JSON_FIELDS = (
    "allowed_updates",
    "caption_entities",
    "commands",
    "entities",
    "link_preview_options",
    "reply_markup",
    "reply_parameters",
    "scope",
)


class FakeTelegram(Updates):
    """The fake."""

    def _add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)

    def _success(self, result: Any) -> web.Response:
        return web.json_response({"ok": True, "result": result})

    def _refusal(self, error: Refused) -> web.Response:
        body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
        if error.parameters:
            body["parameters"] = error.parameters
        return web.json_response(body, status=error.code)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            parameters = _parsed(await form(request))
        except Refused as error:
            return self._refusal(error)

        async def work() -> Any:
            found = getattr(self, f"_on_{method}", None)
            if found is None:
                raise Refused(404, "Not Found")
            return await found(parameters)

        return await self._serve(request, method, parameters, str(parameters.get("chat_id")), work)

    async def _file(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            return self._refusal(Refused(401, "Unauthorized"))
        for path, content, _ in self._files.values():
            if path == request.match_info["path"]:
                return web.Response(body=content)
        return self._refusal(Refused(404, "Not Found"))


def _parsed(parameters: dict[str, Any]) -> dict[str, Any]:
    for name in _JSON_FIELDS:
        if isinstance(parameters.get(name), str):
            try:
                parameters[name] = json.loads(parameters[name])
            except ValueError:
                raise Refused(400, f"Bad Request: can't parse {name} JSON object") from None
    return parameters
