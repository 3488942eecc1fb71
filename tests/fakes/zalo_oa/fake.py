"""The fake's server."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.fakes._platform import Refused, Upload, form
from tests.fakes.zalo_oa.citizens import Citizens
from tests.fakes.zalo_oa.messages import shown

_IMAGE_BYTES = 1024 * 1024
_FILE_BYTES = 5 * 1024 * 1024
_IMAGES = {"jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
_FILES = {"pdf": b"%PDF", "doc": b"\xd0\xcf\x11\xe0", "docx": b"PK\x03\x04", "csv": b""}

Work = Callable[[dict[str, Any]], Awaitable[Any]]


class FakeZaloOA(Citizens):
    """The fake.

    Calls are noted under their path without the version: `message/cs`, `upload/image`, `upload/file`, `quota/message`,
    `conversation`, `getoa`, `user/detail`, and `access_token` for the authorisation server, which has the same address.
    """

    def _add_routes(self, app: web.Application) -> None:
        app.router.add_post("/v4/oa/access_token", self._give_tokens)
        app.router.add_get("/v4/oa/permission", self._consent)
        app.router.add_get("/files/{place:.+}", self._file)
        app.router.add_route("*", "/{version:v[23]\\.0}/oa/{method:.+}", self._handle)

    def _success(self, result: Any) -> web.Response:
        return web.json_response({"data": result, "error": 0, "message": "Success"})

    def _refusal(self, error: Refused) -> web.Response:
        # Always with status 200: only the code tells.
        return web.json_response({"error": error.code, "message": error.description, **error.parameters})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            parameters = await form(request)
        except Refused as error:
            return self._refusal(Refused(-201, error.description))
        if request.method == "GET" and "data" in parameters:
            parameters = json.loads(parameters["data"])
        recipient = parameters.get("recipient")
        to = str(recipient.get("user_id")) if isinstance(recipient, dict) else ""

        async def work() -> Any:
            self.tokens.check(request.headers.get("access_token"))
            self._check_rate()
            found = self._works().get((request.method, request.match_info["version"], method))
            if found is None:
                raise Refused(-209, "Not supported API")
            return await found(parameters)

        return await self._serve(request, method, parameters, to, work)

    def _works(self) -> dict[tuple[str, str, str], Work]:
        return {
            ("POST", "v3.0", "message/cs"): self._send,
            ("POST", "v2.0", "upload/image"): self._upload_image,
            ("POST", "v2.0", "upload/file"): self._upload_file,
            ("POST", "v3.0", "quota/message"): self._quota,
            ("POST", "v2.0", "quota/message"): self._quota,
            ("GET", "v2.0", "conversation"): self._conversation,
            ("GET", "v2.0", "getoa"): self._account,
            ("GET", "v3.0", "user/detail"): self._detail,
        }

    async def _send(self, parameters: dict[str, Any]) -> dict[str, Any]:
        recipient = parameters.get("recipient")
        if not isinstance(recipient, dict) or set(recipient) != {"user_id"}:
            raise Refused(-201, "Params is invalid: recipient is invalid")
        user = recipient["user_id"]
        text = shown(parameters.get("message"), self._has_upload)
        if self._check_reach(user):
            self.billed += 1
            self.quota -= 1
        identity = f"oa-{next(self._serial):012x}"
        message = {**parameters["message"], "message_id": identity}
        self._accept(user, unicodedata.normalize("NFC", text), message)
        self._said(user, 0, identity, text)
        if self.echo:
            said = {"text": text, "msg_id": identity}
            between = {"sender": {"id": self.oa_id}, "recipient": {"id": user}, "user_id_by_app": user[::-1]}
            await self.push(user, {**between, "event_name": "oa_send_text", "message": said})
        return {"message_id": identity, "user_id": user}

    async def _upload_image(self, parameters: dict[str, Any]) -> dict[str, Any]:
        _check_file(parameters.get("file"), _IMAGES, _IMAGE_BYTES)
        return {"attachment_id": self._keep_upload()}

    async def _upload_file(self, parameters: dict[str, Any]) -> dict[str, Any]:
        _check_file(parameters.get("file"), _FILES, _FILE_BYTES)
        return {"token": self._keep_upload()}

    async def _quota(self, parameters: dict[str, Any]) -> Any:
        if "quota_owner" not in parameters:
            return {"type": "sub_quota", "total": self.quota + self.billed, "remain": self.quota}
        if parameters["quota_owner"] not in ("OA", "App"):
            raise Refused(-201, "Params is invalid: quota_owner is invalid")
        kind = {"product_type": "cs", "quota_type": "sub_quota", "valid_through": "31/12/2026"}
        return [{"asset_id": "asset-1", **kind, "total": self.quota + self.billed, "remain": self.quota}]

    async def _conversation(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        user, offset, count = (parameters.get(name) for name in ("user_id", "offset", "count"))
        if str(user) not in self.citizens or not isinstance(offset, int) or not isinstance(count, int):
            raise Refused(-201, "Params is invalid")
        if not 1 <= count <= 10 or offset < 0:
            raise Refused(-210, "Params exceed limit: count is too large")
        # The newest first.
        return self.history.get(str(user), [])[::-1][offset : offset + count]

    async def _account(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        return {"oa_id": self.oa_id, "name": "Một cửa", "description": "", "is_verified": True, "oa_type": 2}

    async def _detail(self, parameters: dict[str, Any]) -> dict[str, Any]:
        user = str(parameters.get("user_id"))
        if user not in self.citizens:
            raise Refused(-201, "user_id is invalid")
        citizen = self.citizens[user]
        return {"user_id": user, "display_name": "An", "user_is_follower": bool(citizen.follows)}

    async def _give_tokens(self, request: web.Request) -> web.StreamResponse:
        parameters = await form(request)
        secret = request.headers.get("secret_key")

        async def work() -> dict[str, str]:
            if request.content_type != "application/x-www-form-urlencoded":
                raise Refused(-14003, "Invalid parameter")
            return self.tokens.exchange(secret, parameters)

        # Neither its success nor its refusal is shaped as the others'.
        kept = {name: value for name, value in parameters.items() if name in ("app_id", "grant_type")}
        self.calls.append(("access_token", kept))
        fault = self._fault("access_token", "")
        return await self._suffer(request, fault, work, web.json_response, _oauth_refusal)

    async def _consent(self, request: web.Request) -> web.Response:
        wanted = request.query
        if wanted.get("app_id") != self.app_id or "redirect_uri" not in wanted:
            return web.Response(status=400, text="-14003")
        code = self.tokens.authorize(wanted.get("code_challenge", ""))
        back = {"oa_id": self.oa_id, "code": code, "state": wanted.get("state", "")}
        return web.Response(status=302, headers={"Location": f"{wanted['redirect_uri']}?{urlencode(back)}"})

    async def _file(self, request: web.Request) -> web.Response:
        found = self._files.get(request.match_info["place"])
        return web.Response(status=404) if found is None else web.Response(body=found[1])


def _oauth_refusal(error: Refused) -> web.Response:
    described = {"error_name": error.description, "error_reason": "", "error_description": error.description}
    return web.json_response({"error": error.code, **described, "ref_doc": ""})


def _check_file(given: Any, kinds: dict[str, bytes], most: int) -> None:
    if not isinstance(given, Upload) or not given.content:
        raise Refused(-201, "Params is invalid: file is empty")
    start = kinds.get(given.name.rpartition(".")[2].lower())
    if start is None or not given.content.startswith(start):
        raise Refused(-201, "Params is invalid: file type is not supported")
    if len(given.content) > most:
        raise Refused(-210, "Params exceed limit: file is too large")
