"""Calls to the Open API of Zalo, and messages as it takes them.

Source: https://developers.zalo.me/docs/official-account/tin-nhan/. Errors come with HTTP 200.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog

from bot.channels import calling
from bot.channels.calling import NoAnswer
from bot.channels.contract import Outcome
from bot.channels.zalo_oa.errors import class_of, outcome_of
from bot.channels.zalo_oa.history import LATEST, arrived
from bot.channels.zalo_oa.limits import CAN, FILE_BYTES, FILE_ENDINGS, IMAGE_BYTES, PRESS
from bot.channels.zalo_oa.tokens import NotConnected, NotRenewed, Tokens
from bot.departures import NotedBody, refused
from bot.settings import ZaloOASettings
from desk.causes import Cause
from store.errors import MotcuaError, NotFound

FileOf = Callable[[int], Awaitable[tuple[str, str, bytes]]]
"""Name, media type and content of an attachment by its number."""

_log = structlog.get_logger(__name__)
_IMAGES = frozenset({"image/jpeg", "image/png"})
_NOT_CONNECTED_S = 30.0
_FORM_TITLE = 100
_FORM_SUBTITLE = 500


class Failed(Exception):
    """A call that did not succeed.

    Attributes:
        code: Zalo's error code; 0 where there was no usable answer.
        status: HTTP status, 0 where there was none.
        sent: whether the request may have been worked on all the same.
    """

    def __init__(self, code: int, reason: str, *, status: int = 0, sent: bool = False) -> None:
        super().__init__(f"{code or status or ''} {reason}".strip())
        self.code = code
        self.reason = reason
        self.status = status
        self.sent = sent


class ZaloOACalls:
    """The calls that the channel makes, each with the newest token.

    Args:
        file_of: gives the content of an attachment that is sent; None: files are named only.
        page_url: where citizens find the files that Zalo does not take.

    Attributes:
        trouble: what a person has to put right with the account, as the last send has shown; None: nothing.
    """

    def __init__(
        self,
        settings: ZaloOASettings,
        tokens: Tokens,
        client: aiohttp.ClientSession,
        file_of: FileOf | None = None,
        *,
        page_url: str = "",
    ) -> None:
        self._settings = settings
        self._base = settings.api_url.rstrip("/")
        self._tokens = tokens
        self._client = client
        self._file_of = file_of
        self._page_url = page_url
        self.trouble: str | None = None

    async def send(self, to: str, body: Mapping[str, Any]) -> Outcome:
        """Send one row of the outbox; raises nothing but cancellation."""
        try:
            try:
                await self._say(to, body)
            except Failed as failed:
                if class_of(failed.code) != "upload":
                    raise
                # What was uploaded is gone already: once more.
                await self._say(to, body)
        except Failed as failed:
            outcome = _outcome(failed)
            if class_of(failed.code) == "person":
                self._troubled(str(failed))
            return outcome
        except NotConnected as error:
            self._troubled(error.message)
            return Outcome("retry", error.code, Cause.access, pause_s=_NOT_CONNECTED_S)
        except NotRenewed as error:
            return Outcome("retry", error.code, Cause.access)
        except NotFound as error:
            return Outcome("dead", error.code, Cause.file)
        except MotcuaError as error:
            return Outcome("retry", error.code, Cause.file)
        self.trouble = None
        return Outcome("sent")

    def _troubled(self, reason: str) -> None:
        self.trouble = reason
        _log.error("nothing can be sent to Zalo until somebody puts the account right", reason=reason)

    async def _say(self, to: str, body: Mapping[str, Any]) -> None:
        await self.call("/v3.0/oa/message/cs", {"recipient": {"user_id": to}, "message": await self._message(body)})

    async def call(self, path: str, content: Mapping[str, Any]) -> Any:
        """The `data` of the answer; a token that has run out is renewed once.

        Raises:
            Failed: it was refused, or there is no usable answer.
            MotcuaError: there is no token that works.
        """
        payload = json.dumps(content, ensure_ascii=False).encode()
        return await self._ask("POST", path, lambda: NotedBody(payload, content_type="application/json"))

    async def get(self, path: str) -> Any:
        """The `data` of an answer to a question.

        Raises:
            Failed: it was refused, or there is no usable answer.
            MotcuaError: there is no token that works.
        """
        return await self._ask("GET", path, lambda: None)

    async def has_arrived(self, to: str, text: str, since: datetime) -> bool | None:
        """Whether a message of which no answer came stands in the conversation; None when that cannot be said."""
        wanted = json.dumps({"user_id": to, "offset": 0, "count": LATEST})
        try:
            return arrived(await self.get(f"/v2.0/oa/conversation?{urlencode({'data': wanted})}"), text, since)
        except (Failed, MotcuaError) as error:
            _log.warning("Zalo does not say whether a message has arrived", reason=str(error))
            return None

    async def _ask(self, method: str, path: str, data: Callable[[], Any]) -> Any:
        token = await self._tokens.access()
        try:
            return await self._answer(method, path, token, data())
        except Failed as failed:
            if class_of(failed.code) != "token":
                raise
        return await self._answer(method, path, await self._tokens.renew(token), data())

    async def _answer(self, method: str, path: str, token: str, data: Any) -> Any:
        how = {"data": data, "headers": {"access_token": token}}
        total = self._settings.request_timeout_s
        try:
            status, content = await calling.call(self._client, method, self._base + path, total_s=total, **how)
        except NoAnswer as error:
            raise Failed(0, str(error), sent=error.sent) from None
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            raise Failed(0, "not JSON", status=status, sent=status < 400) from None
        code = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(code, int):
            raise Failed(0, "no answer of Zalo's", status=status, sent=status < 400)
        if code:
            if method == "POST":
                refused()
            raise Failed(code, str(answer.get("message", ""))[:200], status=status)
        return answer.get("data")

    # ---- messages ----

    async def _message(self, body: Mapping[str, Any]) -> dict[str, Any]:
        text = str(body.get("text", ""))
        buttons = list(body.get("buttons", ()))[: CAN.buttons]
        if body.get("file") is not None and self._file_of is not None:
            return await self._file(int(body["file"]))
        if body.get("asks") == "contact" and self._settings.form_image_url and not buttons:
            return _form(text, self._settings.form_image_url)
        if not buttons:
            return {"text": text}
        pressed = [
            {"title": button["title"], "type": self._settings.press, "payload": PRESS + button["id"]}
            for button in buttons
        ]
        return {"text": text, "attachment": {"type": "template", "payload": {"buttons": pressed}}}

    async def _file(self, number: int) -> dict[str, Any]:
        assert self._file_of is not None, "there is nothing to send"
        name, media_type, content = await self._file_of(number)
        ending = name.rpartition(".")[2].lower()
        if media_type in _IMAGES and len(content) <= IMAGE_BYTES:
            uploaded = await self._upload("image", name, media_type, content, "attachment_id")
            element = {"media_type": "image", "attachment_id": uploaded}
            payload = {"template_type": "media", "elements": [element]}
            return {"attachment": {"type": "template", "payload": payload}}
        if ending in FILE_ENDINGS and len(content) <= FILE_BYTES:
            uploaded = await self._upload("file", name, media_type, content, "token")
            return {"attachment": {"type": "file", "payload": {"token": uploaded}}}
        where = f"trên trang tra cứu phiếu: {self._page_url}" if self._page_url else "trên trang tra cứu phiếu."
        return {"text": f"{name}: Zalo không gửi được tệp này, anh/chị xem {where}"}

    async def _upload(self, kind: str, name: str, media_type: str, content: bytes, key: str) -> str:
        """What Zalo keeps a file under; it stands at `key` in the answer."""

        def form() -> aiohttp.FormData:
            made = aiohttp.FormData(quote_fields=False)
            made.add_field("file", content, filename=name, content_type=media_type)
            return made

        try:
            answer = await self._ask("POST", f"/v2.0/oa/upload/{kind}", form)
        except Failed as failed:
            # However it ended, the message itself has not left.
            raise Failed(failed.code, failed.reason, status=failed.status) from None
        found = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(found, str):
            raise Failed(0, "no answer of Zalo's")
        return found


def _form(text: str, image_url: str) -> dict[str, Any]:
    title, _, rest = text.partition("\n")
    if len(title) > _FORM_TITLE:
        title, rest = "Để lại số điện thoại", text
    element = {"title": title, "subtitle": (rest.strip() or title)[:_FORM_SUBTITLE], "image_url": image_url}
    payload = {"template_type": "request_user_info", "elements": [element]}
    return {"attachment": {"type": "template", "payload": payload}}


def _outcome(failed: Failed) -> Outcome:
    if failed.code:
        return outcome_of(failed.code)
    if failed.sent:
        return Outcome("unknown", str(failed), Cause.no_answer)
    if failed.status == 429:
        return Outcome("retry", str(failed), Cause.limited, pause_s=5.0)
    if failed.status and failed.status < 500:
        return Outcome("dead", str(failed), Cause.refused)
    return Outcome("retry", str(failed), Cause.fault if failed.status else Cause.unreachable)
