"""A citizen's side of a conversation with the real Rasa."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.support.rasa import RasaServer

_numbers = itertools.count(1)


@dataclass
class Talk:
    """A conversation with a Rasa server through its channel."""

    server: RasaServer
    session: aiohttp.ClientSession
    sender: str = field(default_factory=lambda: f"conversation-{next(_numbers)}")

    async def post(self, body: Any = None, *, data: bytes | io.BytesIO | None = None, **extra: Any) -> tuple[int, Any]:
        """One request as it is; gives status and decoded body."""
        given = {"data": data} if data is not None else {"json": body}
        async with self.session.post(f"{self.server.url}/webhook", **given, **extra) as answer:
            return answer.status, await answer.json()

    def body(self, text: str, message_id: str | None = None) -> dict[str, Any]:
        """A well-formed request; a text that begins with ``!`` is sent as a payload."""
        kind, text = ("payload", text[1:]) if text.startswith("!") else ("message", text)
        return {"sender": self.sender, "message_id": message_id or f"message-{next(_numbers)}", kind: text}

    async def say(self, text: str, message_id: str | None = None) -> str:
        """One message that must be answered; gives the replies' texts, joined."""
        status, answer = await self.post(self.body(text, message_id))
        assert status == 200, (text, status, answer)
        assert answer, text
        return " | ".join(reply["text"] for reply in answer)
