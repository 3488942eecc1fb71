"""A turn and the payloads of buttons."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.turn import Button, Reply, Turn, parse_payload, payload


@given(
    intent=st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
    entities=st.dictionaries(
        st.text(max_size=10), st.text(max_size=20) | st.integers() | st.lists(st.text(max_size=5))
    ),
)
def test_a_payload_is_read_as_it_was_written(intent: str, entities: dict[str, Any]) -> None:
    assert parse_payload(payload(intent, **entities)) == (intent, entities)


@pytest.mark.parametrize("text", ["", "x", "/", "/{}", "/x{", "/x{]", "/x[1]{}x", "ask{}", " /x"])
def test_what_is_no_payload_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_payload(text)


@pytest.mark.parametrize("text", ["/x{1}", '/x{"a"}', "/x{null}"])
def test_entities_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        parse_payload(text)


def test_a_payload_keeps_its_vietnamese() -> None:
    assert payload("choose", title="Mỹ Hòa Hưng") == '/choose{"title": "Mỹ Hòa Hưng"}'


def _turn(metadata: dict[str, Any], slots: dict[str, Any] | None = None) -> Turn:
    return Turn("x", "greet", {}, slots or {}, metadata)


def test_the_key_is_the_conversation_and_the_message() -> None:
    assert _turn({"conversation": "c1", "message_id": 7}).key == "c1:7"
    assert _turn({"conversation": "c1", "message_id": "7"}).key == "c1:7"
    nameless = _turn({})
    assert nameless.key != nameless.key


@pytest.mark.parametrize(
    ("value", "number"), [(5, 5), ("5", 5), (None, None), ("", None), ("²", None), ("-5", None), (1.5, None)]
)
def test_a_citizen_is_a_whole_number_or_nobody(value: object, number: int | None) -> None:
    assert _turn({"citizen": value}).citizen_id == number


@pytest.mark.parametrize(
    ("slot", "before", "code"),
    [
        ("30313", None, "30313"),
        (None, "30313", "30313"),
        ("30313", "30307", "30313"),
        ("x", "30313", "30313"),
        ("x", 5, None),
        ({}, [], None),
    ],
)
def test_the_place_is_the_one_said_last_that_exists(slot: object, before: object, code: str | None) -> None:
    place = _turn({"place": before}, {"place": slot}).place
    assert (place.code if place else None) == code


def test_a_reply_grows_and_the_later_slots_win() -> None:
    first = Reply(slots={"a": 1, "b": 1}).say("một", Button("x", "/x"))
    first.add(Reply(slots={"b": 2}).say("hai"))
    assert [message.text for message in first.messages] == ["một", "hai"]
    assert first.slots == {"a": 1, "b": 2}
