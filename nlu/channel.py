"""The way in: the front door's messages, one at a time for each conversation, answered or failed, never half-way.

``POST /webhooks/motcua/webhook`` with ``{"sender", "message_id", "message" | "payload", "metadata"?}`` answers 200 with
a JSON list of ``{"text"?, "buttons"?, "image"?, "attachment"?, "custom"?}``, never empty; 4xx for a bad request; 5xx
when the message could not be answered, and then nothing of it was kept and it may be sent again. The same
``message_id`` gets the same replies again without being processed twice. ``GET /webhooks/motcua/`` says whether the
model is loaded.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from knowledge import text as texts
from nlu import patches
from nlu.reading import entity, payload
from nlu.tracker_store import SqliteTrackerStore
from nlu.turn import Turn, TurnFailed, current

log = logging.getLogger(__name__)

_MAX_BODY = 64 * 1024
_MAX_ID = 200
_MAX_PAYLOAD = 4_000
# Intents that Rasa gives a meaning of its own; nobody may send them.
_RESERVED = frozenset({"restart", "back", "session_start", DEFAULT_NLU_FALLBACK_INTENT_NAME, "EXTERNAL"})
_SURROGATES = re.compile("[\ud800-\udfff]")

patches.apply()


class BadRequest(Exception):
    """The request is malformed; ``code`` names what is wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Incoming:
    """A checked request: free text, or the intent and entities of a payload."""

    sender: str
    message_id: str
    text: str
    intent: str | None
    entities: list[dict[str, Any]]
    metadata: dict[str, Any]


class Replies(CollectingOutputChannel):
    """Collects each of the bot's messages whole: Rasa's own collector cuts texts at blank lines."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        """Collect into ``messages``."""
        super().__init__()
        self.messages = messages

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep what has content."""
        kept = {key: message[key] for key in ("text", "buttons", "image", "attachment", "custom") if message.get(key)}
        if kept:
            self.messages.append(kept)


class MotcuaInput(InputChannel):
    """Rasa's side of the contract with the front door.

    Args:
        token: what ``X-Motcua-Token`` must hold; empty: nothing is asked for (loopback only).
        max_length: longest free text, in characters.
    """

    def __init__(self, token: str = "", max_length: int = 2_000) -> None:
        """Keep the settings."""
        self._token = token
        self._max_length = max_length
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._running: set[asyncio.Task[list[dict[str, Any]]]] = set()

    @classmethod
    def name(cls) -> str:
        """The channel's part of the URL."""
        return "motcua"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> MotcuaInput:
        """Read the section of credentials.yml."""
        values = credentials or {}
        return cls(token=str(values.get("token") or ""), max_length=int(values.get("max_length", 2_000)))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The two routes."""
        routes = Blueprint("motcua_webhook")

        @routes.get("/")
        async def ready(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return _error("not_ready", "the model is not loaded", 503)
            return json_response({"status": "ok", "model": agent.model_name})

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            if self._token and not self._is_known(request.headers.get("x-motcua-token", "")):
                return _error("unauthorised", "X-Motcua-Token is missing or wrong", 401)
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return _error("not_ready", "the model is not loaded", 503)
            try:
                incoming = read_request(request.body, agent.domain.intents, self._max_length)
            except BadRequest as error:
                return _error(error.code, str(error), 400)
            # The task outlives a client that hangs up: its message is answered and saved all the same.
            task = asyncio.ensure_future(self._answer(incoming, agent.tracker_store, on_new_message))
            self._running.add(task)
            task.add_done_callback(self._done)
            try:
                return json_response(await asyncio.shield(task))
            except TurnFailed as error:
                return _error("failed", str(error), error.status)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                return _error("failed", type(error).__name__, 500)

        return routes

    def _is_known(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())

    def _done(self, task: asyncio.Task[list[dict[str, Any]]]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # The type and our own words only: a traceback would carry what the citizen wrote.
            detail = str(error) if isinstance(error, TurnFailed) else type(error).__name__
            log.error("message failed: %s", detail, exc_info=error if log.isEnabledFor(logging.DEBUG) else None)

    async def _answer(
        self, incoming: Incoming, store: Any, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> list[dict[str, Any]]:
        lock = self._locks.get(incoming.sender)
        if lock is None:
            lock = self._locks[incoming.sender] = asyncio.Lock()
        async with lock:
            if isinstance(store, SqliteTrackerStore):
                said = store.replies(incoming.sender, incoming.message_id)
                if said is not None:
                    return said
            first = isinstance(store, SqliteTrackerStore) and store.is_new(incoming.sender)
            turn = Turn(incoming.sender, incoming.message_id, first=first)
            current.set(turn)
            try:
                await on_new_message(_user_message(incoming, turn))
                if not turn.finished:
                    raise TurnFailed("the message was not processed")
            except BaseException:
                if isinstance(store, SqliteTrackerStore):
                    store.forget(incoming.sender)
                raise
            return turn.replies


def read_request(body: bytes, intents: list[str], max_length: int) -> Incoming:
    """Check a request's body.

    Raises:
        BadRequest: it is no JSON object, a field is missing, wrong or too long, or the payload names no intent.
    """
    if len(body) > _MAX_BODY:
        raise BadRequest("too_long", f"the body is longer than {_MAX_BODY} bytes")
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("not_json", "the body is not JSON") from error
    if not isinstance(fields, dict):
        raise BadRequest("not_an_object", "the body is not a JSON object")
    sender, message_id = _identifier(fields, "sender"), _identifier(fields, "message_id")
    metadata = fields.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise BadRequest("metadata", "metadata is not an object")
    metadata = {**metadata, "message_id": message_id}
    if ("message" in fields) == ("payload" in fields):
        raise BadRequest("message", "exactly one of message and payload is needed")
    if "payload" in fields:
        text, intent, entities = _read_payload(fields["payload"], intents)
        return Incoming(sender, message_id, text, intent, entities, metadata)
    text = fields["message"]
    if not isinstance(text, str):
        raise BadRequest("message", "message is not a string")
    if len(text) > max_length:
        raise BadRequest("too_long", f"message is longer than {max_length} characters")
    # Only a payload may carry a command. Half an emoji cannot be stored; NUL ends strings elsewhere.
    text = texts.strip_command(_SURROGATES.sub("\ufffd", text).replace("\x00", ""))
    return Incoming(sender, message_id, text, None, [], metadata)


def _identifier(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_ID or _SURROGATES.search(value):
        raise BadRequest(name, f"{name} is not a string of 1 to {_MAX_ID} characters")
    return value


def _read_payload(raw: Any, intents: list[str]) -> tuple[str, str, list[dict[str, Any]]]:
    if not isinstance(raw, str) or len(raw) > _MAX_PAYLOAD or _SURROGATES.search(raw):
        raise BadRequest("payload", f"payload is not a string of at most {_MAX_PAYLOAD} characters")
    parts = payload(raw)
    if parts is None or not isinstance(parts[1], dict):
        raise BadRequest("payload", "payload is not of the form /intent{json}")
    intent, values = parts
    if intent not in intents or intent in _RESERVED:
        raise BadRequest("payload", "payload names no intent of the bot")
    entities = [
        entity(name, value) for name, many in values.items() for value in (many if isinstance(many, list) else [many])
    ]
    return raw.strip(), intent, entities


def _user_message(incoming: Incoming, turn: Turn) -> UserMessage:
    parsed = None
    if incoming.intent is not None:
        ranked = {"name": incoming.intent, "confidence": 1.0}
        parsed = {"text": incoming.text, "intent": ranked, "entities": incoming.entities, "intent_ranking": [ranked]}
    return UserMessage(
        text=incoming.text,
        output_channel=Replies(turn.replies),
        sender_id=incoming.sender,
        parse_data=parsed,
        input_channel=MotcuaInput.name(),
        message_id=incoming.message_id,
        metadata=incoming.metadata,
    )


def _error(code: str, message: str, status: int) -> HTTPResponse:
    return json_response({"error": {"code": code, "message": message}}, status=status)
