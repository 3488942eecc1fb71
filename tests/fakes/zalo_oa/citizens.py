"""The citizen's side: what they do, as signed events."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.fakes.zalo_oa.messages import buttons
from tests.fakes.zalo_oa.state import State

AN = "246845883529197922"


class Citizens(State):
    """What citizens do. `how` is passed on to `Hook.push`: `copies`, `in_order`."""

    async def write(self, text: str, user: str = AN, **how: Any) -> dict[str, Any]:
        """A citizen writes a text."""
        return await self._say(user, "user_send_text", {"text": text}, **how)

    async def press(self, title: str, user: str = AN, **how: Any) -> dict[str, Any]:
        """A citizen presses the newest button of theirs with this title; it arrives as a text."""
        for to, _, message in reversed(self.sent):
            for button in buttons(message) if to == user else ():
                if button["title"] == title and button["type"].startswith("oa.query."):
                    return await self.write(button["payload"], user, **how)
        raise LookupError(title)

    async def share(self, lat: float, lon: float, user: str = AN, *, flat: bool = False, **how: Any) -> dict[str, Any]:
        """A citizen shares a place.

        Args:
            flat: the coordinates stand in the payload itself.
        """
        place = {"latitude": str(lat), "longitude": str(lon)}
        attachment = {"type": "location", "payload": place if flat else {"coordinates": place}}
        return await self._say(user, "user_send_location", {"text": "", "attachments": [attachment]}, **how)

    async def send_image(
        self, user: str = AN, content: bytes = b"\xff\xd8\xff\xe0", text: str = "", *, url: str = "", **how: Any
    ) -> dict[str, Any]:
        """A citizen sends a picture; it lies under an address of the fake unless another is given."""
        url = url or self._publish("anh.jpg", content)
        attachment = {"type": "image", "payload": {"thumbnail": url, "url": url}}
        return await self._say(user, "user_send_image", {"text": text, "attachments": [attachment]}, **how)

    async def send_file(self, name: str, content: bytes, user: str = AN, **how: Any) -> dict[str, Any]:
        """A citizen sends a document."""
        payload = {
            "url": self._publish(name, content),
            "name": name,
            "size": str(len(content)),
            "type": name.rpartition(".")[2],
            "checksum": hashlib.md5(content).hexdigest(),
        }
        attachments = [{"type": "file", "payload": payload}]
        return await self._say(user, "user_send_file", {"attachments": attachments}, **how)

    async def submit_info(
        self,
        name: str,
        phone: str,
        user: str = AN,
        *,
        address: str = "",
        ward: str = "",
        city: str = "",
        older: bool = False,
        **how: Any,
    ) -> dict[str, Any]:
        """A citizen fills in the form of `request_user_info`.

        Args:
            older: in the shape that Zalo used before.
        """
        if older:
            info: dict[str, Any] = {
                "name": name,
                "phone": phone,
                "address": address,
                "ward": ward,
                "district": "",
                "city": city,
            }
        else:
            full = {"user_city": city, "user_ward": ward, "user_address": address}
            info = {"name": name, "phone": phone, "full_address": full}
        self._heard(user)
        return await self.push(user, {**self._between(user), "event_name": "user_submit_info", "info": info}, **how)

    async def follow(self, user: str = AN, **how: Any) -> dict[str, Any]:
        """A citizen follows the account."""
        self._heard(user).follows = True
        return await self.push(user, {**self._follower(user), "event_name": "follow", "source": "oa_profile"}, **how)

    async def unfollow(self, user: str = AN, **how: Any) -> dict[str, Any]:
        """A citizen no longer follows it."""
        self.citizens.setdefault(user, self._heard(user)).follows = False
        return await self.push(user, {**self._follower(user), "event_name": "unfollow", "source": "oa_profile"}, **how)

    async def push(self, user: str, event: dict[str, Any], **how: Any) -> dict[str, Any]:
        """An event of any shape; its time and account are put in where they are missing."""
        event = {"app_id": self.app_id, **event}
        event.setdefault("timestamp", self._milliseconds())
        self.events.append(event)
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        if self.webhook:
            self.hook.push(user, body, **how)
        await self.notify()
        return event

    async def _say(self, user: str, name: str, message: dict[str, Any], **how: Any) -> dict[str, Any]:
        # Who writes is reachable again, though they had left or blocked it.
        citizen = self._heard(user)
        citizen.blocked = False
        citizen.follows = citizen.follows or None
        message = {**message, "msg_id": f"msg-{next(self._serial):012x}"}
        self._said(user, 1, message["msg_id"], str(message.get("text", "")))
        return await self.push(user, {**self._between(user), "event_name": name, "message": message}, **how)

    def _between(self, user: str) -> dict[str, Any]:
        return {"sender": {"id": user}, "recipient": {"id": self.oa_id}, "user_id_by_app": user[::-1]}

    def _follower(self, user: str) -> dict[str, Any]:
        return {"oa_id": self.oa_id, "follower": {"id": user}, "user_id_by_app": user[::-1]}

    def _publish(self, name: str, content: bytes) -> str:
        place = f"{next(self._serial)}/{name}"
        self._files[place] = (name, content)
        return f"{self.url}/files/{place}"
