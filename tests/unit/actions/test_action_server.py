"""The action server as Rasa calls it: hostile bodies, failing actions, and what reaches the log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import func, select

from actions import rasa
from actions.server import LARGEST_BODY, create_app
from actions.turn import Reply, Services, Turn
from motcua import logs
from store.engine import Database
from store.tables import cases as case_table

Client = TestClient[Any, Any]
FORM = {
    "case_kind": "feedback",
    "case_subject": "Rác",
    "case_text": "Rác chất đống ba ngày nay",
    "case_place": "chợ",
    "case_contact": "-",
    "case_confirm": True,
}


@pytest.fixture
async def client(services: Services) -> AsyncIterator[Client]:
    """The action server with every action, over real services."""
    async with TestClient(TestServer(create_app(rasa.executor(services)))) as opened:
        yield opened


def _call(action: str, text: str = "làm khai sinh ở đâu", intent: str = "ask_procedure", **more: Any) -> dict[str, Any]:
    """A call as Rasa makes it, without its domain."""
    latest = {
        "text": text,
        "intent": {"name": intent, "confidence": 1.0},
        "entities": more.pop("entities", []),
        "metadata": more.pop("metadata", {"message_id": "7"}),
    }
    events = more.pop("events", [{"event": "user", "text": text}])
    tracker = {
        "sender_id": "c1-1",
        "slots": more.pop("slots", {}),
        "latest_message": latest,
        "events": events,
        "active_loop": more.pop("active_loop", {}),
        "latest_action_name": "action_listen",
        "paused": False,
        "followup_action": None,
    }
    return {"next_action": action, "sender_id": "c1-1", "tracker": tracker, "version": "3.6.21", **more}


async def _answer(client: Client, call: dict[str, Any]) -> dict[str, Any]:
    async with client.post("/webhook", json=call) as response:
        body: dict[str, Any] = await response.json()
        assert response.status == 200, body
        return body


def _slots(body: dict[str, Any]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in body["events"] if event["event"] == "slot"}


async def test_it_says_that_it_lives(client: Client) -> None:
    async with client.get("/health") as response:
        assert response.status == 200


async def test_a_question_is_answered_with_texts_buttons_and_slots(client: Client) -> None:
    body = await _answer(client, _call("action_answer"))
    (response,) = body["responses"]
    assert "1.001193" in response["text"]
    assert {"title": "Giấy tờ", "payload": '/ask_procedure{"procedure": "1.001193", "facet": "documents"}'} in response[
        "buttons"
    ]
    assert _slots(body)["procedure"] == "1.001193"


@pytest.mark.parametrize("name", sorted(rasa.ACTIONS))
@pytest.mark.parametrize("text", ["", "xin chào", "/x{}", "👍", "\x00", "x" * 3_000])
async def test_every_action_says_something_to_anything(client: Client, name: str, text: str) -> None:
    body = await _answer(client, _call(name, text, "nlu_fallback"))
    assert body["responses"]
    assert all(response["text"].strip() for response in body["responses"])


@pytest.mark.parametrize("name", sorted(rasa.ACTIONS))
async def test_every_action_bears_a_bare_tracker(client: Client, name: str) -> None:
    for tracker in (
        {"sender_id": "a"},
        {"sender_id": "a", "slots": None, "latest_message": None, "events": None},
        {"sender_id": "a", "latest_message": {"text": None, "intent": None, "entities": None, "metadata": None}},
        {
            "sender_id": "a",
            "latest_message": {"text": 5, "intent": {"name": 7}},
            "events": [{"event": "user", "text": 5}],
        },
    ):
        body = await _answer(client, {"next_action": name, "tracker": tracker})
        assert body["responses"]


async def test_the_names_are_those_of_the_domain() -> None:
    from pathlib import Path

    import yaml

    root = Path(__file__).resolve().parents[3]
    domain = yaml.safe_load((root / "nlu" / "domain" / "domain.yml").read_text(encoding="utf-8"))
    assert set(domain["actions"]) == {*rasa.ACTIONS, "validate_case_form"}


async def test_every_slot_that_is_set_is_one_of_the_domain(services: Services) -> None:
    import re
    from pathlib import Path

    import yaml

    root = Path(__file__).resolve().parents[3]
    domain = yaml.safe_load((root / "nlu" / "domain" / "domain.yml").read_text(encoding="utf-8"))
    source = "".join(path.read_text(encoding="utf-8") for path in (root / "actions").glob("*.py"))
    named = set(re.findall(r"slots\.get\(\"(\w+)\"\)", source)) | set(re.findall(r"slots\[\"(\w+)\"\]", source))
    assert len(named) > 5
    # The form's own slot is Rasa's.
    assert named <= {*domain["slots"], "requested_slot"}


BODIES = [
    b"",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"{",
    b"{}",
    b"\xff\xfe\xfd",
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b'{"next_action": null, "tracker": {}}',
    b'{"next_action": "", "tracker": {"sender_id": "a"}}',
    b'{"next_action": 5, "tracker": {"sender_id": "a"}}',
    b'{"next_action": "action_answer"}',
    b'{"next_action": "action_answer", "tracker": null}',
    b'{"next_action": "action_answer", "tracker": []}',
    b'{"next_action": "action_answer", "tracker": {}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": 5}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "slots": []}, "x": 1}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "slots": "x"}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "latest_message": "x"}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "events": {"a": 1}}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "events": [1]}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "latest_message": {"entities": {"a": 1}}}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "latest_message": {"entities": [1]}}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "latest_message": {"entities": [{"value": 1}]}}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "latest_message": {"intent": "x"}}}',
    b'{"next_action": "action_answer", "tracker": {"sender_id": "a", "latest_message": {"metadata": "x"}}}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:60].decode("latin-1"))
async def test_a_body_that_is_no_call_is_refused_and_never_fails(client: Client, body: bytes) -> None:
    async with client.post("/webhook", data=body, headers={"Content-Type": "application/json"}) as response:
        # Empty lists and texts where a mapping belongs are as good as none.
        assert response.status == 400 or b'"slots": []' in body
        await response.json()


async def test_a_strange_content_type_does_not_matter(client: Client) -> None:
    for kind in ("text/plain; charset=nonsense", "application/json; charset=utf-16", ""):
        body = json.dumps(_call("action_answer")).encode()
        async with client.post("/webhook", data=body, headers={"Content-Type": kind}) as response:
            assert response.status == 200


async def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    async with client.post("/webhook", data=io.BytesIO(b"x" * (LARGEST_BODY + 1))) as response:
        assert response.status == 413


async def test_an_action_that_does_not_exist_is_not_found(client: Client) -> None:
    async with client.post("/webhook", json=_call("action_nothing")) as response:
        assert response.status == 404


# When an action fails


class Broken(Exception):
    """What an action may raise."""


@pytest.fixture
async def failing(services: Services, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A server whose only action fails with what the citizen wrote."""

    async def fail(turn: Turn, _services: Services) -> Reply:
        raise Broken(f"cannot work with {turn.text!r} and {dict(turn.slots)!r}")

    made = ActionExecutor()
    made.register_action(rasa._TurnAction("action_answer", fail, services))
    async with TestClient(TestServer(create_app(made))) as opened:
        yield opened


async def test_a_failed_action_is_a_500_that_says_nothing_of_the_citizen(
    failing: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure("DEBUG")
    try:
        call = _call("action_answer", "chồng tôi đánh tôi", slots={"case_text": "bí mật", "case_contact": "0912345678"})
        async with failing.post("/webhook", json=call) as response:
            assert response.status == 500
            body = await response.text()
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    written = stream.getvalue()
    assert "Broken" in written
    assert "action_answer" in written
    for said in ("chồng tôi", "bí mật", "0912345678"):
        assert said not in written
        assert said not in body


async def test_an_answered_call_writes_nothing_of_the_citizen(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    logs.configure("DEBUG")
    try:
        await _answer(client, _call("action_answer", "chồng tôi đánh tôi", slots={"case_text": "bí mật"}))
        async with client.post("/webhook", json={"next_action": "x", "tracker": {"sender_id": "bí mật"}}):
            pass
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    assert "chồng tôi" not in stream.getvalue()
    assert "bí mật" not in stream.getvalue()


# The form


async def _validate(client: Client, slot: str, value: Any, **slots: Any) -> dict[str, Any]:
    """What the form's check answers to one slot that was just filled."""
    call = _call(
        "validate_case_form",
        str(value),
        "inform",
        slots={"requested_slot": slot, **slots, slot: value},
        active_loop={"name": "case_form"},
        events=[{"event": "user", "text": str(value)}, {"event": "slot", "name": slot, "value": value}],
    )
    body = await _answer(client, call)
    return {"slots": _slots(body), "said": [response["text"] for response in body["responses"]]}


GOOD = [
    ("case_subject", "Rác", "Rác"),
    ("case_text", "Rác chất đống ba ngày nay", "Rác chất đống ba ngày nay"),
    ("case_place", "chợ Mỹ Bình", "chợ Mỹ Bình"),
    ("case_place", '/give_place{"place": "30313"}', "Xã Mỹ Hòa Hưng"),
    ("case_contact", "0912 345 678", "0912345678"),
    ("case_contact", "không", "-"),
    ("case_confirm", True, True),
    ("case_confirm", False, False),
]


@pytest.mark.parametrize(("slot", "value", "kept"), GOOD)
async def test_a_good_answer_is_kept(client: Client, slot: str, value: Any, kept: Any) -> None:
    checked = await _validate(client, slot, value)
    assert checked["slots"][slot] == kept
    assert checked["said"] == []


BAD = [
    ("case_subject", "x"),
    ("case_subject", " "),
    ("case_text", "hư"),
    ("case_text", "/"),
    ("case_place", ""),
    ("case_place", '/give_place{"place": "nothing"}'),
    ("case_place", '/give_place{"lat": 21.0, "lon": 105.8}'),
    ("case_place", '/give_place{"lat": "x", "lon": null}'),
    ("case_place", '/give_place{"lat": NaN, "lon": Infinity}'),
    ("case_contact", "12"),
    ("case_contact", "/affirm{}"),
    ("case_confirm", "để coi"),
    ("case_confirm", 1),
    ("case_confirm", []),
]


@pytest.mark.parametrize(("slot", "value"), BAD)
async def test_a_bad_answer_is_asked_for_again_with_a_reason(client: Client, slot: str, value: Any) -> None:
    checked = await _validate(client, slot, value)
    assert checked["slots"][slot] is None
    assert len(checked["said"]) == 1


async def test_a_shared_location_is_kept_with_its_point(client: Client) -> None:
    checked = await _validate(client, "case_place", '/give_place{"lat": 10.43, "lon": 105.43}')
    assert "10.43000, 105.43000" in checked["slots"]["case_place"]
    assert checked["said"] == []


async def test_a_long_subject_is_the_story_too(client: Client) -> None:
    checked = await _validate(client, "case_subject", "Rác chất đống. " * 30)
    assert len(checked["slots"]["case_subject"]) <= 200
    assert checked["slots"]["case_text"].startswith("Rác chất đống.")
    kept = await _validate(client, "case_subject", "Rác chất đống. " * 30, case_text="đã kể rồi nha bạn")
    assert "case_text" not in kept["slots"]


async def test_an_emptied_slot_is_no_answer(client: Client) -> None:
    for slot in ("case_subject", "case_text", "case_place", "case_contact", "case_confirm"):
        assert (await _validate(client, slot, None))["said"] == []


async def test_a_form_is_sent_once_however_often_rasa_asks(client: Client, database: Database) -> None:
    call = _call("action_submit_case", "gửi", "affirm", slots=FORM, metadata={"message_id": "7"})
    call["tracker"]["latest_message"]["metadata"]["conversation"] = "nowhere"
    async with client.post("/webhook", json=call) as response:
        # The conversation does not exist, so the database refuses the case: a failure, never a silent loss.
        assert response.status == 500
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(case_table)) == 0


async def test_leaving_ends_the_form(client: Client) -> None:
    body = await _answer(client, _call("action_cancel", "hủy", "stop", slots=FORM))
    assert {"event": "active_loop", "timestamp": None, "name": None} in body["events"]
    assert _slots(body)["requested_slot"] is None
    assert _slots(body)["case_text"] is None


async def test_yes_to_a_single_choice_takes_it_and_no_to_a_list_refuses_it(client: Client) -> None:
    one = [{"title": "Khai sinh", "payload": '/ask_procedure{"procedure": "1.001193"}'}]
    taken = await _answer(client, _call("action_affirm", "ừ", "affirm", slots={"options": one}))
    assert "1.001193" in taken["responses"][0]["text"]
    many = await _answer(client, _call("action_affirm", "ừ", "affirm", slots={"options": one * 3}))
    assert "từ 1 đến 3" in many["responses"][0]["text"]
    refused = await _answer(
        client, _call("action_deny", "không", "deny", slots={"options": one, "procedure": "1.000894"})
    )
    assert _slots(refused)["procedure"] is None
