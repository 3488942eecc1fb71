"""Texts for Telegram stay within its limits and lose nothing."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels._telegram_text import LIMIT, fit, keyboard, plain, split, to_html, units
from bot.replies import Button, Reply

word = st.text(st.sampled_from("aăâbđê😀."), min_size=1, max_size=30)
texts = st.lists(word, min_size=1, max_size=60).map(" ".join)

# Other work on the machine must not decide whether a test passes.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(texts, st.integers(20, 80))
def test_pieces_are_short_enough_and_hold_every_word(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(0 < units(piece) <= limit for piece in pieces)
    assert re.sub(r"\s", "", "".join(pieces)) == re.sub(r"\s", "", text)


@unhurried
@given(st.lists(st.tuples(word, st.booleans()), min_size=1, max_size=40), st.integers(30, 80))
def test_bold_is_closed_in_every_piece(parts: list[tuple[str, bool]], limit: int) -> None:
    text = " ".join(f"**{part}**" if bold else part for part, bold in parts)
    for piece in split(text, limit):
        assert units(piece) <= limit
        assert piece.count("**") % 2 == 0


def test_a_text_is_cut_between_sentences() -> None:
    sentence = "Anh/chị mang theo căn cước. "
    pieces = split(sentence * 300)
    assert len(pieces) > 1
    assert all(piece.endswith("căn cước.") for piece in pieces)


def test_a_paragraph_is_kept_whole_where_it_can_be() -> None:
    text = "a" * 3000 + "\n\n" + "b. " * 500
    assert split(text)[0] == "a" * 3000


def test_one_endless_word_is_cut_hard_and_never_inside_a_character() -> None:
    pieces = split("😀" * 5000)
    assert "".join(pieces) == "😀" * 5000
    assert all(units(piece) <= LIMIT for piece in pieces)


def test_markup_becomes_html_and_everything_else_is_escaped() -> None:
    assert to_html("**Nộp** ở <UBND> & *gần*") == "<b>Nộp</b> ở &lt;UBND&gt; &amp; *gần*"
    assert to_html("2 ** 3 và ** hở") == "2 ** 3 và ** hở"
    assert plain("**Nộp** ở đâu") == "Nộp ở đâu"


def test_buttons_go_under_the_last_piece() -> None:
    choice = Button("Có", "/affirm")
    pieces = fit(Reply("x " * 3000, (choice,)))
    assert len(pieces) > 1
    assert [piece.buttons for piece in pieces[:-1]] == [()] * (len(pieces) - 1)
    assert pieces[-1].buttons == (choice,)


def test_short_titles_share_a_row_and_long_ones_stand_alone() -> None:
    titles = ["Có", "Không", "Giấy tờ", "Nộp ở Trung tâm hành chính công", "Thôi"]
    rows = keyboard([{"id": f"id{n}", "title": title} for n, title in enumerate(titles)])
    assert [[cell["text"] for cell in row] for row in rows] == [
        ["Có", "Không"],
        ["Giấy tờ"],
        ["Nộp ở Trung tâm hành chính công"],
        ["Thôi"],
    ]
    assert rows[0][0]["callback_data"] == "id0"
