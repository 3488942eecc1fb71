"""What the fake remembers of chats, messages and files."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.fakes._hook import Hook, Parcel
from tests.fakes._platform import Platform, Refused

TOKEN = "123456:TEST-token_of-the-fake-bot-0123456789"
NAME = "motcua_test_bot"
KNOWN = {"message", "callback_query", "my_chat_member", "edited_message", "inline_query"}
_SUPERGROUPS = -1_000_000_000_000


@dataclass(kw_only=True)
class State(Platform[int]):
    """The fake's memory.

    Attributes:
        updates: what is not confirmed yet, or not taken by the webhook.
        blocked: chats whose people blocked the bot.
        chats: chats that have written to the bot; others are unknown to it.
        acknowledged: presses that were answered.
        secret: what is sent with each webhook.
        keyboards: the reply keyboard that a chat shows at present.
        privacy: in groups the bot gets only what is meant for it.
        chat_rate: messages a second to one chat before it is told to wait; None: any number.
    """

    token: str = TOKEN
    updates: list[dict[str, Any]] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    chats: set[int] = field(default_factory=set)
    acknowledged: list[str] = field(default_factory=list)
    secret: str = ""
    keyboards: dict[int, dict[str, Any]] = field(default_factory=dict)
    privacy: bool = False
    chat_rate: float | None = None
    _allowed: set[str] = field(default_factory=lambda: set(KNOWN))
    _update_id: int = 1000
    _message_id: int = 0
    _presses: set[str] = field(default_factory=set)
    _poller: int = 0
    _moved: dict[int, int] = field(default_factory=dict)
    _messages: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    _files: dict[str, tuple[str, bytes, int]] = field(default_factory=dict)
    _sent_at: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    _commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hook = Hook(self._with_secret, patient=True, takes=lambda status: 200 <= status < 300, done=self._taken)

    def texts(self, chat: int = 7) -> list[str]:
        """What a chat shows from the bot."""
        return [text for to, text, _ in self.sent if to == chat]

    async def push(self, content: dict[str, Any], **how: Any) -> dict[str, Any]:
        """An update of any shape; `how` is passed on to `Hook.push`."""
        self._update_id += 1
        update = {"update_id": self._update_id, **content}
        for name in ("message", "edited_message"):
            if name in content and conversation(content):
                self._messages[int(conversation(content)), content[name].get("message_id")] = content[name]
        if not self.webhook:
            self.updates.append(update)
        elif self._matching([update], self._allowed):
            self.updates.append(update)
            self.hook.push(conversation(update), update, **how)
        await self.notify()
        return update

    def _with_secret(self, _body: bytes) -> dict[str, str]:
        return {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}

    def _taken(self, parcel: Parcel) -> None:
        identity = json.loads(parcel.body)["update_id"]
        self.updates = [update for update in self.updates if update["update_id"] != identity]

    def _matching(self, updates: list[dict[str, Any]], allowed: set[str]) -> list[dict[str, Any]]:
        # What a shape we do not know carries is delivered: the caller has to live with it.
        return [u for u in updates if not (set(u) & KNOWN) or set(u) & allowed]

    def _chat(self, parameters: dict[str, Any]) -> int:
        given = str(parameters.get("chat_id", ""))
        if not given:
            raise Refused(400, "Bad Request: chat_id is empty")
        if not re.fullmatch(r"-?\d+", given) or int(given) not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        if int(given) in self._moved:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self._moved[int(given)],
            )
        return int(given)

    def _message(self, chat: int, person: int | None = None) -> dict[str, Any]:
        self._message_id += 1
        self.chats.add(chat)
        return {
            "message_id": self._message_id,
            "date": int(time.time()),
            "chat": chat_of(chat),
            "from": person_of(chat if person is None else person),
        }

    def _me(self) -> dict[str, Any]:
        return {"id": 123456, "is_bot": True, "first_name": "Một cửa", "username": NAME}

    def _keep_file(self, kind: str, name: str, content: bytes, size: int | None = None) -> dict[str, Any]:
        number = len(self._files) + 1
        identity = f"file-{number}"
        path = f"{kind}s/file_{number}.{name.rpartition('.')[2]}"
        self._files[identity] = (path, content, len(content) if size is None else size)
        return {"file_id": identity, "file_unique_id": f"u{identity}", "file_size": self._files[identity][2]}


def chat_of(chat: int) -> dict[str, Any]:
    """A chat by its number: private, group (negative) or supergroup (-100…)."""
    if chat > 0:
        return {"id": chat, "type": "private", "first_name": "An"}
    return {"id": chat, "type": "supergroup" if chat < _SUPERGROUPS else "group", "title": "Tổ dân phố 3"}


def person_of(number: int) -> dict[str, Any]:
    """A citizen."""
    return {"id": number, "is_bot": False, "first_name": "An", "language_code": "vi"}


def conversation(update: dict[str, Any]) -> str:
    """The number of the chat that an update belongs to; empty where there is none."""
    for content in update.values():
        holder = content.get("message", content) if isinstance(content, dict) else None
        chat = holder.get("chat") if isinstance(holder, dict) else None
        if isinstance(chat, dict) and isinstance(chat.get("id"), int):
            return str(chat["id"])
    return ""
