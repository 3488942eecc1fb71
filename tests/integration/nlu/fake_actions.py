"""A strict stand-in for the action server: plausible events, faults on demand, and a memory of what was asked of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

FORM_SLOTS = ("case_subject", "case_text", "case_place", "case_consent", "case_contact", "case_confirm")
AGREE = [{"title": "Đồng ý", "payload": "/affirm"}, {"title": "Không đồng ý", "payload": "/deny"}]
CONFIRM = [{"title": "Gửi", "payload": "/affirm"}, {"title": "Không gửi", "payload": "/deny"}]


@dataclass
class FakeActions:
    """The fake.

    Attributes:
        failing: actions that answer 500.
        delays: seconds that an action takes.
        calls: (action, the citizen's text) in the order of arrival.
        submitted: the slots with which the case was submitted.
        broken: why a call was not what the SDK needs; tests look that it is empty.
        options: what action_answer offers to choose from, if anything.
    """

    failing: set[str] = field(default_factory=set)
    delays: dict[str, float] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    submitted: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    events_seen: int = 0
    options: list[dict[str, str]] | None = None
    pending: str | None = None
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its webhook."""
        return f"http://127.0.0.1:{self.port}/webhook"

    def names(self) -> list[str]:
        """The actions that were asked for."""
        return [name for name, _ in self.calls]

    def reset(self) -> None:
        """Forget what happened and what was to go wrong."""
        for kept in (self.failing, self.delays, self.calls, self.submitted, self.broken):
            kept.clear()
        self.options = self.pending = None
        self.events_seen = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; again on the same port after a stop."""
        app = web.Application(client_max_size=8 << 20)
        app.router.add_post("/webhook", self._webhook)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away as a process that died."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _webhook(self, request: web.Request) -> web.Response:
        call = await request.json()
        name, tracker = call["next_action"], call["tracker"]
        message = tracker["latest_message"]
        self.calls.append((name, message.get("text") or ""))
        self.events_seen = max(self.events_seen, len(tracker["events"]))
        self._check(call)
        await asyncio.sleep(self.delays.get(name, 0))
        if name in self.failing:
            return web.json_response({"error": "boom", "action_name": name}, status=500)
        said, slots = self._act(name, message, tracker["slots"])
        events = [{"event": "slot", "timestamp": None, "name": key, "value": value} for key, value in slots.items()]
        if name == "action_cancel":
            events.append({"event": "active_loop", "timestamp": None, "name": None})
        return web.json_response({"events": events, "responses": said})

    def _check(self, call: dict[str, Any]) -> None:
        if not call["domain"]["forms"]["case_form"]["required_slots"]:
            self.broken.append("no form in the domain")
        if not call["tracker"]["latest_message"].get("metadata", {}).get("message_id"):
            self.broken.append(f"{call['next_action']} without message id")

    def _act(
        self, name: str, message: dict[str, Any], slots: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        empty = dict.fromkeys(FORM_SLOTS)
        entities = {entity["entity"]: entity["value"] for entity in message.get("entities", [])}
        match name:
            case "validate_case_form":
                if slots.get("case_consent") is False:
                    return [], {"case_contact": "-"}
                return [], {"case_consent": None} if isinstance(slots.get("case_consent"), str) else {}
            case "action_ask_case_subject":
                return [{"text": "Về việc gì?"}], {}
            case "action_ask_case_place":
                return [{"text": "Việc này xảy ra ở đâu?"}], {}
            case "action_ask_case_consent":
                return [{"text": "Có đồng ý để lại số không?", "buttons": AGREE}], {}
            case "action_denounce":
                return [{"text": "Đây không phải là đơn.", "custom": {"motcua": {"private": True}}}], {"question": None}
            case "action_start_case":
                return [{"text": "Tôi ghi nhận."}], {**empty, "case_kind": message["intent"]["name"]}
            case "action_ask_case_confirm":
                return [{"text": "Gửi chứ?", "buttons": CONFIRM}], {}
            case "action_submit_case":
                self.submitted.append({slot: slots[slot] for slot in FORM_SLOTS})
                return [{"text": "Đã gửi."}], empty
            case "action_cancel":
                return [{"text": "Đã hủy."}], {**empty, "requested_slot": None}
            case "action_answer" if self.options or self.pending:
                buttons = self.options or []
                return [{"text": name, "buttons": buttons}], {"options": self.options, "pending": self.pending}
            case "action_choose" | "action_set_place":
                return [{"text": f"{name} {entities}"}], {"options": None, "pending": None}
        return [{"text": f"{name} {entities}"}], {}
