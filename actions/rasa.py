"""The custom actions as Rasa calls them: each reads the turn, calls one function, and gives texts and slots back.

Rasa's side: https://rasa.com/docs/action-server/sdk-actions/. The registered names are those of the domain in `nlu/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from actions import (
    cases,
    choices,
    data_requests,
    denounce,
    emergency,
    follow_up,
    form,
    people,
    procedures,
    reports,
    triage,
)
from actions.offers import NOT_UNDERSTOOD
from actions.reports import REPORT
from actions.turn import Reply, Services, Turn, parse_payload, payload
from knowledge.text import fold

Act = Callable[[Turn, Services], Awaitable[Reply]]
OUT_OF_SCOPE = (
    "Việc này tôi không rành. Tôi chỉ hướng dẫn thủ tục hành chính của tỉnh An Giang và nhận phản ánh của bà con. "
    "Anh/chị cần làm giấy tờ gì không?"
)
LAW = (
    "Tôi chỉ hướng dẫn thủ tục hành chính, không tư vấn mức phạt hay quy định pháp luật. "
    "Anh/chị hỏi cơ quan phụ trách, hoặc để cán bộ trả lời."
)


def read_turn(tracker: Tracker) -> Turn:
    """The turn that a tracker holds."""
    latest: dict[str, Any] = tracker.latest_message or {}
    metadata = latest.get("metadata") or {}
    intent = (latest.get("intent") or {}).get("name") or ""
    entities: dict[str, Any] = {}
    for entity in latest.get("entities") or []:
        entities.setdefault(entity["entity"], entity["value"])
    # The pipeline rewrites the text that it reads; the event keeps it as the citizen wrote it.
    typed = next((event.get("text") for event in reversed(tracker.events or []) if event.get("event") == "user"), None)
    text = next((found for found in (typed, latest.get("text")) if isinstance(found, str) and found), "")
    if text.startswith("/"):
        # Rasa takes a list of values apart; the payload still has it whole.
        with suppress(ValueError):
            entities = parse_payload(text)[1]
    shown = _shown(tracker.events or [], str(intent), entities) if intent == REPORT else ""
    return Turn(text, str(intent), entities, tracker.slots or {}, metadata, shown)


def _shown(events: list[dict[str, Any]], intent: str, entities: dict[str, Any]) -> str:
    """The newest message with a button of this meaning."""
    for event in reversed(events):
        if event.get("event") != "bot":
            continue
        for button in (event.get("data") or {}).get("buttons") or []:
            try:
                if parse_payload(str(button.get("payload"))) == (intent, entities):
                    return str(event.get("text") or "")
            except (AttributeError, ValueError):
                continue
    return ""


class _TurnAction(Action):
    """One function of ours under one of Rasa's names."""

    def __init__(self, name: str, act: Act, services: Services) -> None:
        self._name = name
        self._act = act
        self._services = services

    def name(self) -> str:
        return self._name

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = read_turn(tracker)
        reply = people.offered(turn, await self._act(turn, self._services.for_one_turn()))
        # The front door takes private words out of its inbox, the tracker store out of its memory.
        ours: dict[str, Any] = {"private": True, "earlier": reply.earlier} if reply.private else {}
        ours |= {"forget": True} if reply.forget and not reply.private else {}
        for message in reply.messages:
            buttons = [button.as_json() for button in message.buttons]
            told = {**ours, "asks": message.asks} if message.asks else ours
            dispatcher.utter_message(
                text=message.text, buttons=buttons, json_message={"motcua": told} if told else None
            )
        events = [SlotSet(slot, value) for slot, value in reply.slots.items()]
        if self._name == "action_cancel":
            events += [ActiveLoop(None), SlotSet("requested_slot", None)]
        return events


async def _law(turn: Turn, services: Services) -> Reply:
    return await procedures.decline(turn, services, LAW)


async def _out_of_scope(turn: Turn, services: Services) -> Reply:
    return await procedures.answer(turn, services, unknown=OUT_OF_SCOPE)


async def _fallback(turn: Turn, services: Services) -> Reply:
    asked_for = await follow_up.awaited(turn, services) or await people.contact(turn, services)
    if asked_for is not None:
        return asked_for
    if turn.slots.get("pending") == "place":
        return await procedures.give_place(turn, services)
    return await procedures.answer(turn, services, unknown=NOT_UNDERSTOOD)


async def _emergency(turn: Turn, services: Services) -> Reply:
    return emergency.call(turn)


async def _cancel(turn: Turn, services: Services) -> Reply:
    return cases.cancel(turn)


async def _affirm(turn: Turn, services: Services) -> Reply:
    pending = str(turn.slots.get("pending") or "")
    if pending == people.HANDOFF:
        return await people.handoff(turn, services)
    if pending.startswith(people.CONSENT):
        return await people.agreed(turn, services)
    wish = pending.removeprefix(data_requests.PENDING)
    if wish in data_requests.WISHES:
        return await data_requests.send(turn, services, wish)
    options = turn.slots.get("options") or []
    if len(options) == 1:
        return await choices.choose(Turn("1", "choose_option", {"option": 1}, turn.slots, turn.metadata), services)
    if options:
        return Reply().say(f"Dạ. Anh/chị chọn một số từ 1 đến {len(options)} giúp tôi.")
    return Reply().say("Dạ. Anh/chị cần hỏi thêm gì, cứ nhắn tôi.")


async def _deny(turn: Turn, services: Services) -> Reply:
    # "Không phải" behind an answer is about the procedure that was answered; a plain "không" is not.
    refused = turn.slots.get("procedure") and fold(turn.text).strip().startswith(("khong phai", "khong dung", "sai"))
    if turn.slots.get("options") or refused:
        return await choices.correct(turn, services)
    return Reply(slots={"pending": None}).say("Dạ, không sao. Anh/chị cần gì cứ nhắn tôi.")


ACTIONS: dict[str, Act] = {
    "action_answer": procedures.answer,
    "action_set_place": procedures.give_place,
    "action_choose": choices.choose,
    "action_correct": choices.correct,
    "action_report_wrong": reports.wrong,
    "action_law": _law,
    "action_out_of_scope": _out_of_scope,
    "action_default_fallback": _fallback,
    "action_emergency": _emergency,
    "action_triage": triage.ask,
    "action_denounce": denounce.guide,
    "action_data_request": data_requests.ask,
    "action_start_case": cases.start,
    "action_ask_case_subject": cases.ask_subject,
    "action_ask_case_place": cases.ask_place,
    "action_ask_case_consent": cases.ask_consent,
    "action_ask_case_confirm": cases.summary,
    "action_submit_case": cases.submit,
    "action_cancel": _cancel,
    "action_check_case": follow_up.check,
    "action_add_case": follow_up.add,
    "action_reopen_case": follow_up.reopen,
    "action_rate_case": follow_up.rate,
    "action_solved_case": follow_up.solved,
    "action_handoff": people.handoff,
    "action_leave_contact": people.leave_contact,
    "action_affirm": _affirm,
    "action_deny": _deny,
}


def executor(services: Services) -> ActionExecutor:
    """Every action, registered under its name."""
    made = ActionExecutor()
    for name, act in ACTIONS.items():
        made.register_action(_TurnAction(name, act, services))
    made.register_action(form.ValidateCaseForm())
    return cast(ActionExecutor, made)


__all__ = ["ACTIONS", "executor", "payload", "read_turn"]
