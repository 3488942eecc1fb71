"""The answers that the form for a case takes, checked one by one."""

from __future__ import annotations

from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import cases, consent
from actions.turn import Turn, parse_payload
from knowledge.places import Gazetteer

FORM = "case_form"
SHORTEST_TEXT = 10


class ValidateCaseForm(FormValidationAction):
    """Checks each answer of the form; what does not fit is asked again with a sentence that says why.

    A slot that was emptied (a new form begins) is no answer: it gets no sentence.
    """

    def name(self) -> str:
        return f"validate_{FORM}"

    def domain_slots(self, domain: dict[str, Any]) -> list[str]:
        """The form's slots; named here so that Rasa need not send its domain with every call."""
        return [*cases.ASKED, "case_procedure"]

    def validate_case_subject(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if value is None:
            return {"case_subject": None}
        text = _plain(value, "case_subject")
        procedure = _plain(value, "case_procedure") if str(value).startswith("/") else ""
        if len(text) < 2:
            dispatcher.utter_message(text="Anh/chị ghi vài chữ về việc cần phản ánh giúp tôi.")
            return {"case_subject": None}
        found: dict[str, Any] = {"case_subject": text[: cases.SUBJECT_LENGTH]}
        if len(text) > cases.SUBJECT_LENGTH and not tracker.get_slot("case_text"):
            found["case_text"] = text
        if procedure:
            found["case_procedure"] = procedure
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

    def validate_case_consent(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Only a plain yes agrees; it is kept as the message in which it was said. A no leaves the contact out."""
        if value is True:
            metadata = (tracker.latest_message or {}).get("metadata") or {}
            return {"case_consent": Turn("", "", {}, {}, metadata).key}
        if value is False:
            return {"case_consent": False, "case_contact": cases.NO_CONTACT}
        if value is not None:
            dispatcher.utter_message(text=consent.NOT_YET)
        return {"case_consent": None}

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
