"""Texts as Telegram takes them: pieces within its limit, in its HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from bot.replies import Reply

LIMIT = 4096  # UTF-16 units of one message
_ROOM = 8  # for the marks that are closed and opened again at a cut
_BOLD = re.compile(r"\*\*(?=\S)(.+?)\*\*", re.DOTALL)
# Where a text may be cut, best first: paragraph, line, sentence, word.
_CUTS = (re.compile(r"\n{2,}"), re.compile(r"\n"), re.compile(r"(?<=[.!?…;])\s"), re.compile(r"\s"))
_SHORT_TITLE = 16
_MOST_BUTTONS = 100


def units(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)


def split(text: str, limit: int = LIMIT) -> list[str]:
    """The text in pieces of at most `limit` units, cut between sentences where that can be done."""
    pieces: list[str] = []
    rest = text.strip()
    while units(rest) > limit:
        head, rest = _cut(rest, limit - _ROOM)
        if head.count("**") % 2:
            head, rest = head + "**", "**" + rest
        pieces.append(head)
    if rest or not pieces:
        pieces.append(rest)
    return pieces


def _cut(text: str, limit: int) -> tuple[str, str]:
    window = _window(text, limit)
    for pattern in _CUTS:
        ends = [match for match in pattern.finditer(window) if match.start() > len(window) // 3]
        if ends:
            return text[: ends[-1].start()].rstrip(), text[ends[-1].end() :].lstrip()
    return window, text[len(window) :]


def _window(text: str, limit: int) -> str:
    used = 0
    for position, character in enumerate(text):
        used += 2 if ord(character) > 0xFFFF else 1
        if used > limit:
            # Never between the two stars of a mark.
            at_mark = text[position - 1] == "*" and character == "*"
            return text[: position - 1 if at_mark else position]
    return text


def to_html(text: str) -> str:
    """Our markup in Telegram's HTML."""
    return _BOLD.sub(r"<b>\1</b>", html.escape(text, quote=False))


def plain(text: str) -> str:
    """Our markup taken off."""
    return _BOLD.sub(r"\1", text)


def fit(reply: Reply) -> Sequence[Reply]:
    """A reply as messages that Telegram takes; the buttons go under the last one."""
    texts = split(reply.text)
    return (*(Reply(text) for text in texts[:-1]), Reply(texts[-1], reply.buttons[:_MOST_BUTTONS]))


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
