"""The action server: Rasa posts a turn, an action of ours answers.

rasa-sdk's executor runs the actions; its own web server is not used, because on an error it logs and returns the whole
tracker, which holds what citizens wrote.
"""

from __future__ import annotations

import json
import traceback
from typing import Any

import structlog
from aiohttp import web
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

log = structlog.get_logger(__name__)

LARGEST_BODY = 4 * 1024 * 1024
# Rasa may leave its domain out of a call; the SDK only checks that there is one.
NO_DOMAIN: dict[str, Any] = {"version": "3.1"}


def create_app(executor: ActionExecutor) -> web.Application:
    """The web application with `POST /webhook` and `GET /health`."""

    async def webhook(request: web.Request) -> web.Response:
        try:
            call = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.json_response({"error": "the body is not JSON"}, status=400)
        if not isinstance(call, dict) or not isinstance(call.get("next_action"), str) or not call["next_action"]:
            return web.json_response({"error": "next_action is missing"}, status=400)
        name = call["next_action"]
        if not _is_tracker(call.get("tracker")):
            return web.json_response({"error": "tracker is missing or malformed", "action_name": name}, status=400)
        call["domain"] = call.get("domain") or NO_DOMAIN
        try:
            result = await executor.run(call)
        except ActionExecutionRejection as rejection:
            return web.json_response({"error": rejection.message, "action_name": name}, status=400)
        except ActionNotFoundException as missing:
            return web.json_response({"error": missing.message, "action_name": name}, status=404)
        except Exception as error:
            # Where, not what: the message of an exception may hold what a citizen wrote.
            trace = "".join(traceback.format_tb(error.__traceback__))
            log.error("action failed", action=name, error=type(error).__name__, trace=trace)
            return web.json_response({"error": "the action failed", "action_name": name}, status=500)
        return web.json_response(result.model_dump() if result else {"events": [], "responses": []})

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_post("/webhook", webhook)
    app.router.add_get("/health", health)
    return app


def _is_tracker(value: Any) -> bool:
    """Whether a value has the shape that the SDK and `actions.rasa.read_turn` count on."""
    if not isinstance(value, dict) or not isinstance(value.get("sender_id"), str):
        return False
    latest = value.get("latest_message") or {}
    if not isinstance(value.get("slots") or {}, dict) or not isinstance(latest, dict):
        return False
    events, entities = value.get("events") or [], latest.get("entities") or []
    if not isinstance(events, list) or not isinstance(entities, list):
        return False
    return (
        all(isinstance(event, dict) for event in events)
        and all(isinstance(entity, dict) and {"entity", "value"} <= entity.keys() for entity in entities)
        and isinstance(latest.get("intent") or {}, dict)
        and isinstance(latest.get("metadata") or {}, dict)
    )
