"""Updates are read for what they are, and what is not one is told apart."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.contract import Ignored, Reachability, Unreadable
from bot.channels.telegram.groups import Me
from bot.channels.telegram.links import link
from bot.channels.telegram.update import answered, callback_id, read
from bot.incoming import Incoming

CHAT = {"id": 7, "type": "private"}
KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
ME = Me("123", "motcua_test_bot")
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["message", "callback_query", "my_chat_member", "chat", "id", "type", "text", "data", "location",
             "latitude", "longitude", "new_chat_member", "status", "venue", "caption", "contact", "document", "photo",
             "phone_number", "file_id", "entities", "offset", "length", "edited_message"]
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
    [event] = read(update(message={"message_id": 1, "chat": CHAT, **content}), ME)
    assert isinstance(event, Incoming)
    return event


@unhurried
@given(
    st.dictionaries(
        st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"]), trees, max_size=2
    )
)
def test_garbage_is_unreadable_and_nothing_worse(content: dict[str, Any]) -> None:
    with suppress(Unreadable):
        read(update(**content), ME)
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
    [event] = read(update(callback_query=query), ME)
    assert isinstance(event, Incoming)
    assert (event.kind, event.body) == ("button", {"button": "abc"})
    assert callback_id(update(callback_query=query)) == "q1"


def test_groups_and_other_kinds_are_ignored() -> None:
    group = {"id": -5, "type": "group"}
    assert isinstance(read(update(message={"chat": group, "text": "x"}), ME)[0], Ignored)
    assert isinstance(read(update(poll={}), ME)[0], Ignored)


@pytest.mark.parametrize(("status", "reachable"), [("kicked", False), ("member", True)])
def test_being_blocked_and_let_in_again_is_seen(status: str, reachable: bool) -> None:
    change = {"chat": CHAT, "new_chat_member": {"status": status}}
    assert read(update(my_chat_member=change), ME) == [Reachability("7", reachable)]


def test_menu_commands_lead_to_their_intents_and_words_behind_them_are_read() -> None:
    assert message(text="/tracuu").body["payload"] == "/check_case"
    assert message(text="/canbo").body["payload"] == "/handoff"
    assert message(text="/tracuu MC-7K3Q9D").body == {"text": "tra cứu MC-7K3Q9D"}
    assert message(text="/thutuc khai sinh").body == {"text": "khai sinh"}


def test_links_open_a_procedure_or_a_case_and_garbage_greets() -> None:
    assert message(text="/start p_1-001193").body["payload"] == '/ask_procedure{"procedure": "1.001193"}'
    assert message(text="/start c_MC-7K3Q9D").body == {"text": "tra cứu MC-7K3Q9D"}
    for garbage in ("p_", "p_../x", "c_x", "c_MC-7K3Q9D9999", "p_" + "1-" * 60):
        assert message(text=f"/start {garbage}").body["payload"] == "/greet"


@pytest.mark.parametrize("start", ["", "a b", "a" * 65, "á"])
def test_a_link_carries_only_what_telegram_lets_it(start: str) -> None:
    with pytest.raises(ValueError, match="link"):
        link("b", start)


def test_a_picture_with_words_is_a_file_and_then_its_words() -> None:
    sizes = [{"file_id": f"f{n}", "width": n, "height": n, "file_size": n * 8 * 2**20} for n in (1, 2, 3)]
    file, words = read(update(message={"chat": CHAT, "photo": sizes, "caption": "ổ gà"}), ME)
    assert isinstance(file, Incoming)
    assert isinstance(words, Incoming)
    assert (file.kind, file.body["wanted"]["file_id"]) == ("file", "f2")
    assert (words.external_id, words.body) == ("123:5:caption", {"text": "ổ gà"})


def test_a_number_counts_only_when_it_is_the_sender_s_own() -> None:
    contact = {"phone_number": "84912345678", "user_id": 7}
    assert message(**{"from": {"id": 7}}, contact=contact).body == {"text": "0912345678"}
    other = message(**{"from": {"id": 8}}, contact=contact)
    assert (other.kind, other.body, other.raw) == ("unsupported", {"of": "contact"}, None)


def test_an_edit_is_kept_and_a_moving_place_is_not() -> None:
    [edit] = read(update(edited_message={"message_id": 1, "chat": CHAT, "text": "sửa"}), ME)
    assert isinstance(edit, Incoming)
    assert (edit.kind, edit.body) == ("edit", {"text": "sửa"})
    assert edit.message_id == message(text="gốc").message_id == "1"
    moving = {"chat": CHAT, "location": {"latitude": 1, "longitude": 2}}
    assert isinstance(read(update(edited_message=moving), ME)[0], Ignored)


GROUP = {"id": -50, "type": "supergroup"}


def in_group(text: str, *entities: dict[str, Any], **more: Any) -> Any:
    said = {"message_id": 9, "chat": GROUP, "text": text, "entities": list(entities), **more}
    return read(update(message=said), ME)[0]


def test_a_group_is_heard_only_when_it_speaks_to_the_bot() -> None:
    named = in_group("😀 @motcua_test_bot khai sinh", {"type": "mention", "offset": 3, "length": 16})
    assert (named.external_id, named.sender) == ("123:5:m9", "-50")
    assert named.body["text"] == "😀  khai sinh"
    assert named.body["public"] is True
    assert named.body["private_url"] == "https://t.me/motcua_test_bot?start=nhom"
    command = in_group("/canbo@motcua_test_bot", {"type": "bot_command", "offset": 0, "length": 22})
    assert command.body["payload"] == "/handoff"
    mentioned = in_group("Một cửa ơi", {"type": "text_mention", "offset": 0, "length": 7, "user": {"id": 123}})
    assert mentioned.body["text"] == "ơi"
    assert in_group("còn lệ phí?", reply_to_message={"from": {"id": 123}}).body["text"] == "còn lệ phí?"
    assert isinstance(in_group("@other_bot x", {"type": "mention", "offset": 0, "length": 10}), Ignored)
    assert isinstance(in_group("/canbo", {"type": "bot_command", "offset": 0, "length": 6}), Ignored)
    assert isinstance(in_group("chuyện riêng"), Ignored)


def test_a_pin_behind_a_case_s_code_is_covered_and_other_numbers_are_not() -> None:
    me = {"type": "mention", "offset": 0, "length": 16}
    assert in_group("@motcua_test_bot mc 7k3q9d, 123456", me).body["text"] == "mc 7k3q9d, ••••••"
    assert in_group("@motcua_test_bot MC-234567 PIN:123456", me).body["text"] == "MC-234567 PIN:••••••"
    assert in_group("@motcua_test_bot lệ phí 150000", me).body["text"] == "lệ phí 150000"
    assert in_group("@motcua_test_bot MC-234567 123456", me).raw is None


def test_a_group_that_takes_the_bot_in_is_greeted_once() -> None:
    def change(old: str, new: str) -> Any:
        member = {"chat": GROUP, "old_chat_member": {"status": old}, "new_chat_member": {"status": new}}
        return read(update(my_chat_member=member), ME)[0]

    assert change("left", "member").body["payload"] == "/greet"
    assert change("member", "administrator") == Reachability("-50", True)
    assert change("member", "kicked") == Reachability("-50", False)


def test_an_answer_finds_the_message_of_the_group() -> None:
    assert answered("123:5:m9") == 9
    assert [answered(each) for each in (None, "123:5", "123:5:caption", "123:5:mx")] == [None] * 4
