"""The methods about updates, commands and files."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from tests.fakes._platform import Refused
from tests.fakes.telegram.sending import Sending
from tests.fakes.telegram.state import KNOWN, conversation

_DOWNLOAD = 20 * 1024 * 1024
_HTTPS = re.compile(r"https://[^\s/]+\S*|http://127\.0\.0\.1:\S+")
_SCOPES = {
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
    "chat",
    "chat_administrators",
    "chat_member",
}


class Updates(Sending):
    """Methods by `_on_` and their name in lower case."""

    async def _on_getme(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        return {
            **self._me(),
            "can_join_groups": True,
            "can_read_all_group_messages": not self.privacy,
            "supports_inline_queries": False,
        }

    async def _on_getupdates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
                "the webhook first",
            )
        self._poller += 1
        me = self._poller
        await self.notify()
        offset = int(parameters.get("offset") or 0)
        limit = int(parameters.get("limit") or 100)
        if not 1 <= limit <= 100:
            limit = 100
        if offset < 0:
            self.updates = self.updates[offset:]
        elif offset:
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
        allowed = set(parameters.get("allowed_updates") or KNOWN)
        timeout = float(parameters.get("timeout") or 0)
        try:
            async with asyncio.timeout(timeout), self.changed:
                await self.changed.wait_for(lambda: me != self._poller or self._matching(self.updates, allowed))
        except TimeoutError:
            pass
        if me != self._poller:
            raise Refused(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        return self._matching(self.updates, allowed)[:limit]

    async def _on_setwebhook(self, parameters: dict[str, Any]) -> bool:
        url, secret = str(parameters.get("url") or ""), str(parameters.get("secret_token") or "")
        if url and not _HTTPS.fullmatch(url):
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        await self._unhook(parameters)
        self.secret = secret
        self.hook.most = min(max(int(parameters.get("max_connections") or 40), 1), 100)
        if parameters.get("allowed_updates") is not None:
            self._allowed = set(parameters["allowed_updates"]) or set(KNOWN)
        self.webhook = url
        for update in self._matching(self.updates, self._allowed) if url else ():
            self.hook.push(conversation(update), update)
        return True

    async def _on_deletewebhook(self, parameters: dict[str, Any]) -> bool:
        await self._unhook(parameters)
        return True

    async def _unhook(self, parameters: dict[str, Any]) -> None:
        self.webhook = ""
        await self.hook.clear()
        self.hook.last_error = ""
        if str(parameters.get("drop_pending_updates", "")).lower() == "true":
            self.updates.clear()

    async def _on_getwebhookinfo(self, _parameters: dict[str, Any]) -> dict[str, Any]:
        about: dict[str, Any] = {
            "url": self.webhook,
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates),
            "max_connections": self.hook.most,
            "allowed_updates": sorted(self._allowed),
        }
        if self.hook.last_error:
            about["last_error_message"] = self.hook.last_error
        return about

    async def _on_setmycommands(self, parameters: dict[str, Any]) -> bool:
        commands = parameters.get("commands")
        if not isinstance(commands, list) or not commands:
            raise Refused(400, "Bad Request: there are no commands in the request")
        if len(commands) > 100:
            raise Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", "")).strip()) <= 256:
                raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self._commands[_place(parameters)] = commands
        return True

    async def _on_getmycommands(self, parameters: dict[str, Any]) -> list[dict[str, str]]:
        return self._commands.get(_place(parameters), [])

    async def _on_deletemycommands(self, parameters: dict[str, Any]) -> bool:
        self._commands.pop(_place(parameters), None)
        return True

    async def _on_getfile(self, parameters: dict[str, Any]) -> dict[str, Any]:
        identity = str(parameters.get("file_id") or "")
        if identity not in self._files:
            raise Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        path, _, size = self._files[identity]
        if size > _DOWNLOAD:
            raise Refused(400, "Bad Request: file is too big")
        return {"file_id": identity, "file_unique_id": f"u{identity}", "file_size": size, "file_path": path}


def _place(parameters: dict[str, Any]) -> tuple[str, str]:
    language = str(parameters.get("language_code") or "")
    if not re.fullmatch(r"([a-z]{2})?", language):
        raise Refused(400, "Bad Request: invalid language code specified")
    scope = parameters.get("scope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in _SCOPES:
        raise Refused(400, "Bad Request: unsupported type specified")
    return json.dumps(scope, sort_keys=True), language
