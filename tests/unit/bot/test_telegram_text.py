"""Texts and keyboards for Telegram."""

from __future__ import annotations

from bot.channels.rendering import plain
from bot.channels.telegram.text import keyboard, to_html


def test_markup_becomes_html_and_everything_else_is_escaped() -> None:
    assert to_html("**Nộp** ở <UBND> & *gần*") == "<b>Nộp</b> ở &lt;UBND&gt; &amp; *gần*"
    assert to_html("2 ** 3 và ** hở") == "2 ** 3 và ** hở"
    assert plain("**Nộp** ở đâu") == "Nộp ở đâu"


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
