"""Calls to the Zalo Bot API, and what their failures mean. Source: https://bot.zaloplatforms.com/docs/apis/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from bot.channels import calling
from bot.channels.calling import NoAnswer
from bot.channels.contract import Outcome
from bot.departures import NotedBody
from bot.settings import ZaloBotSettings
from desk.causes import Cause

NOTHING_NEW = 408


class Failed(Exception):
    """A call that did not succeed.

    Attributes:
        code: error code of the API, or the HTTP status; 0 when there was no answer at all.
        sent: whether the request may have been worked on all the same.
    """

    def __init__(self, code: int, reason: str, *, sent: bool = False) -> None:
        super().__init__(f"{code} {reason}" if code else reason)
        self.code = code
        self.sent = sent


class ZaloBotCalls:
    """The calls that the channel makes."""

    def __init__(self, settings: ZaloBotSettings) -> None:
        assert settings.token is not None, "the Zalo Bot needs its token"
        self._base = f"{settings.api_url.rstrip('/')}/bot{settings.token.get_secret_value()}/"
        self._timeout_s = settings.request_timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, parameters: Mapping[str, Any], *, wait_s: float = 0.0) -> Any:
        """The result of a call.

        Args:
            wait_s: seconds that the API itself may wait before it answers.

        Raises:
            Failed: it was refused, or there is no usable answer.
        """
        assert self._session is not None, "enter the calls first"
        body = NotedBody(json.dumps(parameters).encode(), content_type="application/json")
        total = self._timeout_s + wait_s
        try:
            status, content = await calling.call(self._session, "POST", self._base + method, total_s=total, data=body)
        except NoAnswer as error:
            raise Failed(0, str(error), sent=error.sent) from None
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            raise Failed(status, "not JSON", sent=status < 500) from None
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            described = answer if isinstance(answer, dict) else {}
            code = described.get("error_code")
            raise Failed(code if isinstance(code, int) else status, str(described.get("description", ""))[:200])
        return answer.get("result")

    async def send(self, to: str, text: str) -> Outcome:
        """Send a text to a chat."""
        try:
            await self.call("sendMessage", {"chat_id": to, "text": text})
        except Failed as failed:
            return outcome_of(failed)
        return Outcome("sent")


def outcome_of(failed: Failed) -> Outcome:
    """What a failed send means for its row."""
    reason = str(failed)
    if failed.sent:
        return Outcome("unknown", reason, Cause.no_answer)
    match failed.code:
        case 0:
            return Outcome("retry", reason, Cause.unreachable)
        case 401:
            # The token was changed or is wrong: the message can go once it is put right.
            return Outcome("retry", reason, Cause.access, pause_s=30.0)
        case 403:
            return Outcome("dead", reason, Cause.blocked, blocked=True)
        case 429:
            return Outcome("retry", reason, Cause.limited, wait_s=1.0)
        case code if code >= 500:
            return Outcome("retry", reason, Cause.fault)
        case _:
            return Outcome("dead", reason, Cause.refused)
