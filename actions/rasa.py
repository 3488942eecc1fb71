"""The custom actions as Rasa calls them: each reads the turn, calls one function, and gives texts and slots back.

Rasa's side: https://rasa.com/docs/action-server/sdk-actions/. The registered names are those of the domain in `nlu/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from actions import cases, choices, procedures, reports
from actions.offers import HUMAN, NOT_UNDERSTOOD
from actions.reports import REPORT
from actions.turn import Reply, Services, Turn, parse_payload, payload
from knowledge.places import Gazetteer
from knowledge.text import fold

Act = Callable[[Turn, Services], Awaitable[Reply]]
FORM = "case_form"
FORM_SLOTS = ["case_subject", "case_text", "case_place", "case_contact", "case_confirm"]
SHORTEST_TEXT = 10
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
        reply = await self._act(read_turn(tracker), self._services.for_one_turn())
        for message in reply.messages:
            dispatcher.utter_message(text=message.text, buttons=[button.as_json() for button in message.buttons])
        events = [SlotSet(slot, value) for slot, value in reply.slots.items()]
        if self._name == "action_cancel":
            events += [ActiveLoop(None), SlotSet("requested_slot", None)]
        return events


class ValidateCaseForm(FormValidationAction):
    """Checks each answer of the form; what does not fit is asked again with a sentence that says why.

    A slot that was emptied (a new form begins) is no answer: it gets no sentence.
    """

    def name(self) -> str:
        return f"validate_{FORM}"

    def domain_slots(self, domain: dict[str, Any]) -> list[str]:
        """The form's slots; named here so that Rasa need not send its domain with every call."""
        return FORM_SLOTS

    def validate_case_subject(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if value is None:
            return {"case_subject": None}
        text = _plain(value, "case_subject")
        if len(text) < 2:
            dispatcher.utter_message(text="Anh/chị ghi vài chữ về việc cần phản ánh giúp tôi.")
            return {"case_subject": None}
        found: dict[str, Any] = {"case_subject": text[: cases.SUBJECT_LENGTH]}
        if len(text) > cases.SUBJECT_LENGTH and not tracker.get_slot("case_text"):
            found["case_text"] = text
        return found

    def validate_case_text(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if value is None:
            return {"case_text": None}
        text = _plain(value, "case_text")
        if len(text) < SHORTEST_TEXT:
            dispatcher.utter_message(text="Anh/chị kể rõ hơn một chút: chuyện gì, khi nào, ai làm?")
            return {"case_text": None}
        return {"case_text": text}

    def validate_case_place(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if value is None:
            return {"case_place": None}
        text = _shared_place(value) or _plain(value, "case_place")
        if len(text) < 2:
            dispatcher.utter_message(text="Anh/chị ghi nơi xảy ra, ví dụ: ấp, xã hoặc tên cơ quan.")
            return {"case_place": None}
        return {"case_place": text}

    def validate_case_contact(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if value is None:
            return {"case_contact": None}
        contact = cases.check_contact(_plain(value, "case_contact"))
        if contact is None:
            dispatcher.utter_message(
                text="Số điện thoại hoặc e-mail này chưa đúng. Anh/chị ghi lại, hoặc nhắn “bỏ qua”."
            )
        return {"case_contact": contact}

    def validate_case_confirm(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if value is None:
            return {"case_confirm": None}
        if isinstance(value, bool):
            return {"case_confirm": value}
        dispatcher.utter_message(text="Anh/chị nhắn “gửi” để gửi, hoặc “không” để thôi.")
        return {"case_confirm": None}


def _shared_place(value: Any) -> str | None:
    """The commune of a shared location or of a button with a place; None for anything typed."""
    try:
        entities = parse_payload(str(value))[1]
    except ValueError:
        return None
    gazetteer = Gazetteer.load()
    try:
        if "place" in entities:
            return gazetteer.get(str(entities["place"])).name
        lat, lon = float(entities["lat"]), float(entities["lon"])
        place, _ = gazetteer.nearest(lat, lon)
    except (KeyError, TypeError, ValueError):
        return None
    # The point is kept too: the commune alone does not lead anybody to a broken lamp.
    return f"{place.name} (vị trí {lat:.5f}, {lon:.5f})"


def _plain(value: Any, slot: str) -> str:
    """What was typed, or the value that a button carries for the slot."""
    text = str(value or "").strip()
    if text.startswith("/"):
        try:
            return str(parse_payload(text)[1].get(slot, "")).strip()
        except ValueError:
            return text.lstrip("/ ")
    return text


async def _law(turn: Turn, services: Services) -> Reply:
    return await procedures.decline(turn, services, LAW)


async def _out_of_scope(turn: Turn, services: Services) -> Reply:
    return await procedures.answer(turn, services, unknown=OUT_OF_SCOPE)


async def _fallback(turn: Turn, services: Services) -> Reply:
    if turn.slots.get("pending") == "place":
        return await procedures.give_place(turn, services)
    return await procedures.answer(turn, services, unknown=NOT_UNDERSTOOD)


async def _denounce(turn: Turn, services: Services) -> Reply:
    return Reply().say(cases.DENOUNCE, HUMAN)


async def _start_case(turn: Turn, services: Services) -> Reply:
    return cases.start(turn)


async def _ask_confirm(turn: Turn, services: Services) -> Reply:
    return cases.summary(turn)


async def _cancel(turn: Turn, services: Services) -> Reply:
    return cases.cancel(turn)


async def _affirm(turn: Turn, services: Services) -> Reply:
    if turn.slots.get("pending") == cases.HANDOFF:
        return await cases.handoff(turn, services)
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
    "action_denounce": _denounce,
    "action_start_case": _start_case,
    "action_ask_case_confirm": _ask_confirm,
    "action_submit_case": cases.submit,
    "action_cancel": _cancel,
    "action_check_case": cases.check,
    "action_handoff": cases.handoff,
    "action_affirm": _affirm,
    "action_deny": _deny,
}


def executor(services: Services) -> ActionExecutor:
    """Every action, registered under its name."""
    made = ActionExecutor()
    for name, act in ACTIONS.items():
        made.register_action(_TurnAction(name, act, services))
    made.register_action(ValidateCaseForm())
    return cast(ActionExecutor, made)


__all__ = ["ACTIONS", "executor", "payload", "read_turn"]
