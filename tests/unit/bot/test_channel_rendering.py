"""Replies stay within the limits of each channel, lose nothing, and can always be answered."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.rendering import HINT, Capabilities, chosen, fit, split, utf16
from bot.channels.telegram import CAN as TELEGRAM
from bot.channels.telegram.text import LIMIT
from bot.replies import Button, Reply

word = st.text(st.sampled_from("aăâbđê😀."), min_size=1, max_size=30)
texts = st.lists(word, min_size=1, max_size=60).map(" ".join)

# Other work on the machine must not decide whether a test passes.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(texts, st.integers(20, 80))
def test_pieces_are_short_enough_and_hold_every_word(text: str, limit: int) -> None:
    pieces = split(text, limit, utf16)
    assert all(0 < utf16(piece) <= limit for piece in pieces)
    assert re.sub(r"\s", "", "".join(pieces)) == re.sub(r"\s", "", text)


@unhurried
@given(st.lists(st.tuples(word, st.booleans()), min_size=1, max_size=40), st.integers(30, 80))
def test_bold_is_closed_in_every_piece(parts: list[tuple[str, bool]], limit: int) -> None:
    text = " ".join(f"**{part}**" if bold else part for part, bold in parts)
    for piece in split(text, limit, utf16):
        assert utf16(piece) <= limit
        assert piece.count("**") % 2 == 0


def test_a_text_is_cut_between_sentences() -> None:
    sentence = "Anh/chị mang theo căn cước. "
    pieces = split(sentence * 300, LIMIT, utf16)
    assert len(pieces) > 1
    assert all(piece.endswith("căn cước.") for piece in pieces)


def test_a_paragraph_is_kept_whole_where_it_can_be() -> None:
    text = "a" * 3000 + "\n\n" + "b. " * 500
    assert split(text, LIMIT, utf16)[0] == "a" * 3000


def test_one_endless_word_is_cut_hard_and_never_inside_a_character() -> None:
    pieces = split("😀" * 5000, LIMIT, utf16)
    assert "".join(pieces) == "😀" * 5000
    assert all(utf16(piece) <= LIMIT for piece in pieces)


def test_buttons_go_under_the_last_piece() -> None:
    choice = Button("Có", "/affirm")
    pieces = fit(Reply("x " * 3000, (choice,)), TELEGRAM)
    assert len(pieces) > 1
    assert [piece.buttons for piece in pieces[:-1]] == [()] * (len(pieces) - 1)
    assert pieces[-1].buttons == (choice,)


MENUS = Capabilities(text=2000)
FIVE = Capabilities(text=2000, buttons=5, title=20)


def choices(*titles: str) -> tuple[Button, ...]:
    return tuple(Button(title, f"/{number}") for number, title in enumerate(titles, 1))


def test_buttons_become_a_numbered_menu_where_there_are_none() -> None:
    [fitted] = fit(Reply("Anh/chị muốn **gì**?", choices("Gửi phản ánh", "Thôi")), MENUS)
    assert fitted.text == f"Anh/chị muốn gì?\n\n1. Gửi phản ánh\n2. Thôi\n\n{HINT}"
    assert fitted.numbers == (1, 2)
    assert [button.title for button in fitted.buttons] == ["Gửi phản ánh", "Thôi"]


def test_what_the_text_lists_already_keeps_its_number_and_the_rest_goes_on_from_there() -> None:
    text = "Chọn giúp:\n1. Khai sinh lại\n2. **Khai sinh**: cho trẻ mới sinh\n3. Khai sinh có yếu tố nước ngoài"
    titles = ("Khai sinh lại", "Khai sinh", "Khai sinh có yếu tố nước ngoài", "Hỏi cán bộ")
    [fitted] = fit(Reply(text, choices(*titles)), MENUS)
    assert fitted.numbers == (1, 2, 3, 4)
    assert fitted.text.count("Khai sinh lại") == 1
    assert "\n4. Hỏi cán bộ\n" in fitted.text


def test_more_buttons_than_a_channel_has_are_numbered_and_the_first_can_still_be_pressed() -> None:
    [few] = fit(Reply("Chọn:", choices(*"abcde")), FIVE)
    assert few.numbers == ()
    assert few.text == "Chọn:"
    [many] = fit(Reply("Chọn:", choices(*"abcdef")), FIVE)
    assert many.numbers == (1, 2, 3, 4, 5, 6)
    assert "6. f" in many.text


def test_a_title_that_is_too_long_is_shortened_and_its_meaning_kept() -> None:
    [fitted] = fit(Reply("Chọn:", choices("Đăng ký khai sinh có yếu tố nước ngoài")), FIVE)
    assert fitted.buttons == (Button("Đăng ký khai sinh c…", "/1"),)


def test_marks_are_taken_off_where_they_are_not_shown_and_questions_to_the_phone_where_there_are_none() -> None:
    [fitted] = fit(Reply("**Ở đâu**?", asks="location"), MENUS)
    assert (fitted.text, fitted.asks) == ("Ở đâu?", None)
    [fitted] = fit(Reply("**Ở đâu**?", asks="location"), TELEGRAM)
    assert (fitted.text, fitted.asks) == ("**Ở đâu**?", "location")


@unhurried
@given(texts, st.lists(word, max_size=12))
def test_every_piece_of_every_reply_is_within_the_limit_after_composing(text: str, titles: list[str]) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    can = Capabilities(text=200)
    pieces = fit(Reply(decomposed, choices(*titles)), can)
    assert all(0 < len(unicodedata.normalize("NFC", piece.text)) <= 200 for piece in pieces)
    assert len(pieces[-1].numbers) == len(titles)
    assert len(set(pieces[-1].numbers)) == len(titles)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2),
        (" 2. ", 2),
        ("2)", 2),
        ("số 2", 2),
        ("so 12", 12),
        ("Chọn 3", 3),
        ("chọn số 3", 3),
        ("", None),
        ("hai", None),
        ("2 3", None),
        ("0912345678", None),
        ("123", None),
        ("số nhà 2", None),
        ("²", None),
    ],
)
def test_a_number_alone_chooses(text: str, number: int | None) -> None:
    assert chosen(text) == number
