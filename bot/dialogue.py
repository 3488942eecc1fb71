"""Client of a dialogue server: one message in, one turn out, or a clear failure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from bot.replies import Asks, Button, Reply, Turn
from bot.settings import DialogueSettings

_PATH = "/webhooks/motcua/webhook"


class DialogueFailed(Exception):
    """No answer to this message now; trying again may help."""


class DialogueDown(DialogueFailed):
    """The server cannot be reached at all, or does not answer in time."""


class DialogueRefused(Exception):
    """The server understood the message and will never take it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A message for the dialogue.

    Attributes:
        sender: conversation and session; the dialogue's memory is kept under it.
        message_id: the same id again gets the same answer and is not worked through twice.
        text: what the citizen wrote; never read as a command.
        payload: `/intent{json}` from our own buttons, instead of a text.
        metadata: facts for the actions: conversation, citizen, channel, place, message_id.
    """

    sender: str
    message_id: str
    text: str | None
    payload: str | None
    metadata: Mapping[str, Any]


class Dialogue:
    """A connection to one dialogue server, kept open between messages."""

    def __init__(self, url: str, settings: DialogueSettings) -> None:
        self._url = url + _PATH
        self._health = url + "/webhooks/motcua/"
        self._headers = {"Content-Type": "application/json"}
        if settings.token is not None:
            self._headers["X-Motcua-Token"] = settings.token.get_secret_value()
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout_s, connect=5)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60), timeout=self._timeout
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, question: Question) -> Turn:
        """What the dialogue says.

        Raises:
            DialogueDown: the server is not there, or not in time.
            DialogueFailed: it answered with a failure or with nothing.
            DialogueRefused: it will not take this message.
        """
        body: dict[str, Any] = {
            "sender": question.sender,
            "message_id": question.message_id,
            "metadata": dict(question.metadata),
        }
        if question.payload is not None:
            body["payload"] = question.payload
        else:
            body["message"] = question.text
        assert self._session is not None, "enter the client first"
        try:
            async with self._session.post(self._url, data=json.dumps(body).encode(), headers=self._headers) as response:
                content = await response.read()
                status = response.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise DialogueDown(type(error).__name__) from error
        if status in {408, 425, 429} or status >= 500:
            raise DialogueFailed(f"HTTP {status}")
        if status != 200:
            raise DialogueRefused(f"HTTP {status}")
        return parse(content)

    async def ready(self) -> bool:
        """Whether the server's channel answers now."""
        assert self._session is not None, "enter the client first"
        try:
            async with asyncio.timeout(2), self._session.get(self._health) as response:
                return response.status == 200
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False


def parse(content: bytes) -> Turn:
    """A turn from the server's answer.

    Raises:
        DialogueFailed: it is not a list of messages, or holds no text.
    """
    try:
        items = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DialogueFailed("the answer is not JSON") from error
    if not isinstance(items, list):
        raise DialogueFailed("the answer is not a list")
    replies: list[Reply] = []
    in_form: bool | None = None
    private = False
    earlier: list[int] = []
    for item in items:
        if not isinstance(item, dict):
            raise DialogueFailed("the answer holds something that is not a message")
        text = item.get("text")
        ours = _ours(item.get("custom"))
        if isinstance(text, str) and text.strip():
            replies.append(Reply(text.strip(), _buttons(item.get("buttons")), asks=_asks(ours.get("asks"))))
        form = ours.get("form")
        in_form = form if isinstance(form, bool) else in_form
        private = private or ours.get("private") is True
        earlier += _rows(ours.get("earlier"))
    if not replies:
        raise DialogueFailed("the answer is empty")
    return Turn(tuple(replies), in_form, private, tuple(earlier))


def _buttons(value: object) -> tuple[Button, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        Button(title=choice["title"], payload=choice["payload"])
        for choice in value
        if isinstance(choice, dict)
        and isinstance(choice.get("title"), str)
        and isinstance(choice.get("payload"), str)
        and choice["title"]
    )


def _asks(value: object) -> Asks | None:
    match value:
        case "location" | "contact":
            return value
        case _:
            return None


def _ours(custom: object) -> Mapping[str, object]:
    """What the actions tell the front door beside the text: `form`, `private`, `earlier`, `asks`."""
    ours = custom.get("motcua") if isinstance(custom, dict) else None
    return ours if isinstance(ours, dict) else {}


def _rows(value: object) -> list[int]:
    """The rows of the inbox that ids of messages name (`bot.worker` makes them)."""
    if not isinstance(value, list):
        return []
    heads = (name.partition("-")[0] for name in value if isinstance(name, str))
    return [int(head) for head in heads if head.isascii() and head.isdecimal() and len(head) < 19]
