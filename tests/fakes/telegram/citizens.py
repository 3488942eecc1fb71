"""The citizen's side: what they do, as updates."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.fakes.telegram.state import NAME, State, chat_of, person_of

PICTURE = b"\xff\xd8\xff\xe0"


class Citizens(State):
    """What citizens do, in a private chat or (a negative number) in a group."""

    async def write(self, text: str, chat: int = 7, **more: Any) -> dict[str, Any]:
        """A citizen writes a text."""
        return await self._say(chat, {"text": text, **_entities(text, "entities"), **more})

    async def write_in_group(
        self, text: str, group: int = -50, person: int = 7, *, to: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Somebody writes in a group; None when the bot does not get to see it.

        Args:
            to: the message that is answered.
        """
        answered = {} if to is None else {"reply_to_message": to}
        meant = f"@{NAME}" in text or (text.startswith("/") and "@" not in text.split()[0])
        meant = meant or (to is not None and to["from"]["id"] == self._me()["id"])
        if self.privacy and not meant:
            self._message(group, person)
            return None
        return await self._say(group, {"text": text, **_entities(text, "entities"), **answered}, person)

    async def edit(self, text: str, message: dict[str, Any]) -> dict[str, Any]:
        """A citizen changes what they wrote.

        Args:
            message: the message of the update that `write` gave.
        """
        edited = {**message, "text": text, "edit_date": int(time.time())}
        edited.pop("entities", None)
        return await self.push({"edited_message": {**edited, **_entities(text, "entities")}})

    async def share(self, lat: float, lon: float, chat: int = 7) -> dict[str, Any]:
        """A citizen shares a place."""
        return await self._say(chat, {"location": {"latitude": lat, "longitude": lon}})

    async def share_contact(self, phone: str, chat: int = 7, *, own: bool = True) -> dict[str, Any]:
        """A citizen shares a number: their own, or another person's."""
        contact = {"phone_number": phone, "first_name": "An", "user_id": chat if own else chat + 1}
        return await self._say(chat, {"contact": contact})

    async def send_photo(
        self, chat: int = 7, content: bytes = PICTURE, caption: str = "", *, size: int | None = None, album: str = ""
    ) -> dict[str, Any]:
        """A citizen sends a picture; it comes in three sizes, the last one is the largest.

        Args:
            album: id of the album it belongs to: pictures that were sent at once come as messages of their own.
        """
        sizes = [
            {**self._keep_file("photo", "anh.jpg", content, size), "width": 90 * n, "height": 60 * n}
            for n in (1, 4, 14)
        ]
        grouped = {"media_group_id": album} if album else {}
        return await self._say(chat, {"photo": sizes, **grouped, **_captioned(caption)})

    async def send_document(
        self,
        name: str,
        content: bytes,
        chat: int = 7,
        caption: str = "",
        *,
        kind: str = "application/pdf",
        size: int | None = None,
    ) -> dict[str, Any]:
        """A citizen sends a file.

        Args:
            size: another one than the content's, so that nothing large has to be made.
        """
        kept = self._keep_file("document", name, content, size)
        document = {**kept, "file_name": name, "mime_type": kind}
        return await self._say(chat, {"document": document, **_captioned(caption)})

    async def press(self, title: str, chat: int = 7, **more: Any) -> dict[str, Any]:
        """A citizen presses the newest button of their chat with this title.

        Args:
            more: `person`, in a group.
        """
        for to, _, message in reversed(self.sent):
            rows = message.get("reply_markup", {}).get("inline_keyboard", []) if to == chat else []
            for row in rows:
                for button in row:
                    if button["text"] == title and "callback_data" in button:
                        return await self.press_data(button["callback_data"], chat, message, **more)
        raise LookupError(title)

    async def press_data(
        self, data: str, chat: int = 7, message: dict[str, Any] | None = None, person: int | None = None
    ) -> dict[str, Any]:
        """A press of a button that carries `data`."""
        identity = f"press-{self._update_id}"
        self._presses.add(identity)
        shown = message or {**self._message(chat), "text": "cũ", "from": self._me()}
        return await self.push(
            {
                "callback_query": {
                    "id": identity,
                    "from": person_of(chat if person is None else person),
                    "message": shown,
                    "chat_instance": "1",
                    "data": data,
                }
            }
        )

    async def tap(self, title: str, chat: int = 7) -> dict[str, Any]:
        """A citizen taps a key of the reply keyboard that their chat shows, one that only writes its title."""
        for row in self.keyboards.get(chat, {}).get("keyboard", []):
            for key in row:
                key = key if isinstance(key, dict) else {"text": key}
                if key["text"] == title and not key.get("request_location") and not key.get("request_contact"):
                    return await self.write(title, chat)
        raise LookupError(title)

    async def block(self, chat: int = 7) -> dict[str, Any]:
        """A citizen blocks the bot."""
        self.blocked.add(chat)
        return await self._member(chat, "member", "kicked")

    async def unblock(self, chat: int = 7) -> dict[str, Any]:
        """A citizen lets the bot write again."""
        self.blocked.discard(chat)
        return await self._member(chat, "kicked", "member")

    async def migrate(self, group: int = -50) -> int:
        """A group becomes a supergroup; gives its new number."""
        new = -1_000_000_000_000 + group
        message = self._message(group)
        self.chats.add(new)
        self._moved[group] = new
        await self.push({"message": {**message, "from": person_of(7), "migrate_to_chat_id": new}})
        moved = {**self._message(new, 7), "migrate_from_chat_id": group}
        await self.push({"message": moved})
        return new

    async def _say(self, chat: int, content: dict[str, Any], person: int | None = None) -> dict[str, Any]:
        person = 7 if person is None and chat < 0 else person
        return await self.push({"message": {**self._message(chat, person), **content}})

    async def _member(self, chat: int, old: str, new: str) -> dict[str, Any]:
        self.chats.add(chat)
        bot = self._me()
        return await self.push(
            {
                "my_chat_member": {
                    "chat": chat_of(chat),
                    "from": person_of(chat),
                    "date": int(time.time()),
                    "old_chat_member": _membership(bot, old),
                    "new_chat_member": _membership(bot, new),
                }
            }
        )


def _membership(bot: dict[str, Any], status: str) -> dict[str, Any]:
    return {"user": bot, "status": status, **({"until_date": 0} if status == "kicked" else {})}


def _captioned(caption: str) -> dict[str, Any]:
    return {"caption": caption, **_entities(caption, "caption_entities")} if caption else {}


def _entities(text: str, name: str) -> dict[str, Any]:
    """Commands at the beginning and mentions anywhere; places are counted in UTF-16 units."""
    found = [("bot_command", match) for match in re.finditer(r"\A/\w\S*", text)]
    found += [("mention", match) for match in re.finditer(r"(?<!\S)@\w{4,}", text)]
    entities = [
        {"type": kind, "offset": _units(text[: match.start()]), "length": _units(match.group())}
        for kind, match in found
    ]
    return {name: entities} if entities else {}


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
