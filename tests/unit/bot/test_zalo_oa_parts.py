"""What a Zalo Official Account sends is read for what it is, proven by its signature, and its errors are sorted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.buttons import SHORT_ID
from bot.channels.contract import Broken, Event, Ignored, Reachability
from bot.channels.zalo_oa.errors import class_of, outcome_of
from bot.channels.zalo_oa.events import events
from bot.channels.zalo_oa.signature import check, mac
from bot.incoming import MAX_TEXT, Incoming

APP = "360846524940903967"
SECRET = "OA_SECRET"
SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
VECTOR = SHARED.parent / "labs" / "channels" / "zalo_signature_vector_body.json"
VECTOR_MAC = "a329159dccf3439f5aac8f104046df67a567be8a1ea0a67a6472e24647123421"
PLACE = {"latitude": "10.38", "longitude": "105.43"}
scalars = (
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=8) | st.just("\ud800")
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["attachments", "payload", "coordinates", "latitude", "longitude", "type", "url", "name", "text",
             "msg_id", "id", "phone"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
halves = st.text(max_size=70) | st.just("\ud800") | st.just("\udcff")
kinds = st.sampled_from(
    ["user_send_text", "user_send_location", "user_send_image", "user_submit_info", "follow", "unfollow"]
)

# Other work on the machine must not decide whether a test passes.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def event(name: str, message: Any = None, **content: Any) -> dict[str, Any]:
    base = {"app_id": APP, "event_name": name, "sender": {"id": "7"}, "timestamp": "1543908534740"}
    return {**base, **({"message": {"msg_id": "m1", **message}} if message is not None else {}), **content}


def read(name: str, message: Any = None, **content: Any) -> list[Event]:
    return events(event(name, message, **content), APP)


def taken(name: str, message: Any = None, **content: Any) -> list[tuple[str, str, dict[str, Any]]]:
    found = read(name, message, **content)
    assert all(isinstance(each, Incoming) and each.sender == "7" for each in found), found
    return [(each.external_id, each.kind, each.body) for each in found if isinstance(each, Incoming)]


@unhurried
@given(kinds, trees, trees, trees)
def test_garbage_is_broken_and_nothing_worse(name: str, message: Any, who: Any, info: Any) -> None:
    content = {**event(name), "message": message, "sender": who, "follower": who, "info": info}
    for each in events(content, APP):
        assert isinstance(each, Incoming | Reachability | Ignored | Broken)
        identity = each.external_id if isinstance(each, Incoming | Broken) else ""
        assert len(identity) <= 200, "there is no room for more in the inbox"
    events(message, APP)


@pytest.mark.parametrize(
    ("text", "kind", "body"),
    [
        ("  xin cha\u0300o ", "text", {"text": "xin chào"}),
        ("nut:abcdefghijkl", "button", {"button": "abcdefghijkl"}),
        ("nut:", "text", {"text": "nut:"}),
        ("nut: gạch", "text", {"text": "nut: gạch"}),
        ("\u202e\x00", "unsupported", {}),
        ("x" * (MAX_TEXT + 1), "text", {"text": "x" * MAX_TEXT, "cut": True}),
    ],
)
def test_a_text_is_a_text_unless_it_is_what_our_button_sends(text: str, kind: str, body: dict[str, Any]) -> None:
    assert SHORT_ID.fullmatch("abcdefghijkl"), "the example is not one"
    assert taken("user_send_text", {"text": text}) == [("m1", kind, body)]


@pytest.mark.parametrize("payload", [PLACE, {"coordinates": PLACE}])
def test_a_place_is_read_in_both_shapes(payload: dict[str, Any]) -> None:
    message = {"attachments": [{"type": "location", "payload": payload}]}
    assert taken("user_send_location", message) == [("m1", "location", {"lat": 10.38, "lon": 105.43})]


@pytest.mark.parametrize(
    "latitude", ["", "north", "nan", "inf", "91", 10**400, None, [], {}], ids=lambda value: repr(value)[:12]
)
def test_a_place_that_is_none_is_broken(latitude: Any) -> None:
    payload = {"coordinates": {**PLACE, "latitude": latitude}}
    found = read("user_send_location", {"attachments": [{"type": "location", "payload": payload}]})
    assert [type(each) for each in found] == [Broken]


def test_files_come_with_where_they_lie_and_their_words_by_themselves() -> None:
    attachments = [
        {"type": "image", "payload": {"url": "https://f.zdn.vn/a.jpg", "thumbnail": "https://f.zdn.vn/t.jpg"}},
        {"type": "file", "payload": {"url": "https://f.zdn.vn/b", "name": "đơn\u202e.docx\x00", "size": "12"}},
        {"type": "image", "payload": {"url": 7}},
        {"type": "sticker", "payload": {"id": "1", "url": "https://f.zdn.vn/s.png"}},
    ]
    found = taken("user_send_image", {"text": "ổ gà", "attachments": attachments})
    assert found == [
        ("m1", "file", {"text": "anh.jpg", "wanted": {"url": "https://f.zdn.vn/a.jpg", "name": "anh.jpg"}}),
        ("m1:1", "file", {"text": "đơn.docx", "wanted": {"url": "https://f.zdn.vn/b", "name": "đơn.docx"}}),
        ("m1:2", "unsupported", {}),
        ("m1:3", "unsupported", {}),
        ("m1:text", "text", {"text": "ổ gà"}),
    ]


@pytest.mark.parametrize("name", ["user_send_gif", "user_send_audio", "user_send_video", "user_send_sticker"])
def test_what_cannot_be_read_is_said_to_be_so(name: str) -> None:
    kind = name.removeprefix("user_send_")
    payload = {"url": "https://f.zdn.vn/x"}
    assert taken(name, {"attachments": [{"type": kind, "payload": payload}]}) == [("m1", "unsupported", {})]
    assert taken(name, {}) == [("m1", "unsupported", {})]


def test_who_follows_is_greeted_once_and_who_leaves_is_out_of_reach() -> None:
    reachable, greeting = events(event("follow", follower={"id": "9"}), APP)
    assert reachable == Reachability("9", True)
    assert isinstance(greeting, Incoming)
    assert (greeting.external_id, greeting.kind, greeting.body["payload"]) == (
        "follow:9:1543908534740",
        "command",
        "/greet",
    )
    assert events(event("unfollow", follower={"id": "9"}), APP) == [Reachability("9", False)]


@pytest.mark.parametrize(
    "info",
    [
        {"name": "An", "phone": "84987654321", "full_address": {"user_city": "An Giang"}},
        {"name": "An", "phone": 84987654321, "city": "An Giang", "ward": "Mỹ Hòa Hưng"},
    ],
)
def test_the_telephone_number_of_a_form_is_the_answer(info: dict[str, Any]) -> None:
    found = taken("user_submit_info", info=info)
    assert found == [("info:7:1543908534740", "text", {"text": "84987654321"})]


@pytest.mark.parametrize("name", ["oa_send_text", "oa_send_image", "user_seen_message", "user_feedback", "", "x"])
def test_echoes_and_what_asks_for_nothing_are_not_kept(name: str) -> None:
    assert [type(each) for each in read(name, {"text": "chào"})] == [Ignored]


def test_events_of_another_app_are_not_ours() -> None:
    assert [type(each) for each in events(event("user_send_text", {"text": "chào"}), "1")] == [Ignored]


@pytest.mark.skipif(not VECTOR.exists(), reason="the measured vector is not beside the project")
def test_the_published_signature_is_accepted() -> None:
    headers = {"X-ZEvent-Signature": f"mac={VECTOR_MAC}", "X-ZEvent-Timestamp": "1543908534740"}
    assert check(headers, VECTOR.read_bytes(), app_id=APP, secret=SECRET) is not None
    assert check(headers, VECTOR.read_bytes() + b" ", app_id=APP, secret=SECRET) is None
    assert check(headers, VECTOR.read_bytes(), app_id=APP, secret="other") is None


@pytest.mark.parametrize(
    ("signed", "header", "variant"),
    [("1", "2", "body"), ("2", "2", "header"), ("3", "2", None), ("1", "", "body"), ("", "", None)],
)
def test_either_timestamp_may_be_signed_and_it_is_said_which(signed: str, header: str, variant: str | None) -> None:
    body = json.dumps({"timestamp": "1", "message": {"text": "đăng ký 👶"}}, ensure_ascii=False).encode()
    headers = {"X-ZEvent-Signature": f"mac={mac(APP, body, signed, SECRET)}", "X-ZEvent-Timestamp": header}
    assert check(headers, body, app_id=APP, secret=SECRET) == variant


@unhurried
@given(
    st.text(max_size=70) | st.just("\ud800"), st.text(max_size=40) | st.just("\udcff"), st.binary() | st.none(), trees
)
def test_no_made_up_signature_is_accepted_and_none_breaks_the_check(
    signature: str, header: str, raw: bytes | None, stamp: Any
) -> None:
    body = json.dumps({"timestamp": stamp}).encode() if raw is None else raw
    headers = {"X-ZEvent-Signature": f"mac={signature}", "X-ZEvent-Timestamp": header}
    assert check(headers, body, app_id=APP, secret=SECRET) is None


@pytest.mark.parametrize(
    ("codes", "kind", "state", "pauses"),
    [
        ((-216, -220, -124), "token", "retry", True),
        ((-32, -211, -200), "later", "retry", True),
        ((-100,), "upload", "dead", False),
        ((-201, -213, -217, -218, -227, -230, -232, -233, -244, -248), "dead", "dead", False),
        ((-209, -212, -219, -221, -223, -224, -320, -321), "person", "retry", True),
        ((-1, 1, -99999), None, "dead", False),
    ],
)
def test_every_known_code_has_its_end(codes: tuple[int, ...], kind: str | None, state: str, pauses: bool) -> None:
    for code in codes:
        outcome = outcome_of(code)
        assert (class_of(code), outcome.state, outcome.pause_s > 0) == (kind, state, pauses), code
        assert outcome.error is not None
        assert outcome.error.startswith(str(code))


def test_who_does_not_want_to_hear_from_us_is_known() -> None:
    assert {code for code in range(-400, 0) if outcome_of(code).blocked} == {-213, -217, -227, -244, -248}
