"""Updates are read for what they are, and what is not one is told apart."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.contract import Ignored, Reachability, Unreadable
from bot.channels.telegram.update import callback_id, read
from bot.incoming import Incoming

CHAT = {"id": 7, "type": "private"}
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["message", "callback_query", "my_chat_member", "chat", "id", "type", "text", "data", "location",
             "latitude", "longitude", "new_chat_member", "status", "venue", "caption"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip

# Other work on the machine must not decide whether a test passes.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def update(**content: Any) -> dict[str, Any]:
    return {"update_id": 5, **content}


def message(**content: Any) -> Incoming:
    event = read(update(message={"message_id": 1, "chat": CHAT, **content}), "123")
    assert isinstance(event, Incoming)
    return event


@unhurried
@given(st.dictionaries(st.sampled_from(["message", "callback_query", "my_chat_member"]), trees, max_size=2))
def test_garbage_is_unreadable_and_nothing_worse(content: dict[str, Any]) -> None:
    with suppress(Unreadable):
        read(update(**content), "123")
    callback_id(update(**content))


def test_a_text_is_a_text_with_an_id_of_its_bot() -> None:
    event = message(text="  xin cha\u0300o ")
    assert (event.external_id, event.sender, event.kind, event.body) == (
        "123:5",
        "7",
        "text",
        {"text": "xin chào"},
    )
    assert event.stored()["raw"]["update_id"] == 5


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start", "/greet"),
        ("/start ma_qr_12", "/greet"),
        ("/START@motcua_bot", "/greet"),
        ("/help", "/capabilities"),
        ("/huy", "/stop"),
    ],
)
def test_commands_become_payloads(text: str, payload: str) -> None:
    event = message(text=text)
    assert (event.kind, event.body["payload"]) == ("command", payload)


@pytest.mark.parametrize("text", ["/restart", '/affirm{"a":1}', "/", "/ start", "//start"])
def test_other_slashes_are_plain_text(text: str) -> None:
    event = message(text=text)
    assert event.kind == "text"
    assert "payload" not in event.body


def test_a_long_text_is_cut_and_says_so() -> None:
    event = message(text="a" * 4096)
    assert event.body == {"text": "a" * 2000, "cut": True}


def test_places_are_read_also_from_a_venue() -> None:
    where = {"latitude": 10.38, "longitude": 105.43}
    assert message(location=where).body == {"lat": 10.38, "lon": 105.43}
    assert message(venue={"location": where, "title": "x"}).kind == "location"


@pytest.mark.parametrize("content", [{"photo": [{}]}, {"voice": {}}, {"text": "\x00"}, {"sticker": {}}])
def test_what_cannot_be_read_aloud_is_unsupported(content: dict[str, Any]) -> None:
    assert message(**content).kind == "unsupported"


def test_a_caption_counts_as_the_text() -> None:
    assert message(photo=[{}], caption="giấy này là gì").body == {"text": "giấy này là gì"}


def test_a_press_carries_its_button() -> None:
    query = {"id": "q1", "data": "abc", "message": {"chat": CHAT}}
    event = read(update(callback_query=query), "123")
    assert isinstance(event, Incoming)
    assert (event.kind, event.body) == ("button", {"button": "abc"})
    assert callback_id(update(callback_query=query)) == "q1"


def test_groups_and_other_kinds_are_ignored() -> None:
    group = {"id": -5, "type": "group"}
    assert isinstance(read(update(message={"chat": group, "text": "x"}), "1"), Ignored)
    assert isinstance(read(update(poll={}), "1"), Ignored)


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("member", True)])
def test_being_blocked_and_let_in_again_is_seen(status: str, reachable: bool) -> None:
    change = {"chat": CHAT, "new_chat_member": {"status": status}}
    assert read(update(my_chat_member=change), "1") == Reachability("7", reachable)
