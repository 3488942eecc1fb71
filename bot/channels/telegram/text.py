"""Texts and keyboards as Telegram takes them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from bot.channels.rendering import Capabilities, bold_as, utf16

NAME = "telegram"
LIMIT = 4096
_SHORT_TITLE = 16
_MOST_BUTTONS = 100
_LONGEST_TITLE = 200

CAN = Capabilities(
    text=LIMIT,
    measure=utf16,
    bold=True,
    buttons=_MOST_BUTTONS,
    title=_LONGEST_TITLE,
    asks=frozenset({"location", "contact"}),
    asks_apart=True,
    files=True,
)
ASKING = {"location": "📍 Gửi vị trí", "contact": "📱 Gửi số điện thoại"}
"""Titles of the keys that ask a phone."""


def to_html(text: str) -> str:
    """Our markup in Telegram's HTML."""
    return bold_as(html.escape(text, quote=False), "<b>", "</b>")


def keyboard(buttons: Sequence[dict[str, Any]]) -> list[list[dict[str, str]]]:
    """Rows of an inline keyboard: short titles two in a row, long ones alone."""
    rows: list[list[dict[str, str]]] = []
    for button in buttons:
        cell = {"text": str(button["title"]), "callback_data": str(button["id"])}
        short = len(cell["text"]) <= _SHORT_TITLE
        if short and rows and len(rows[-1]) == 1 and len(rows[-1][0]["text"]) <= _SHORT_TITLE:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return rows
