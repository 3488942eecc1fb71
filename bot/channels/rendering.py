"""Replies cut down to what a channel can carry, so that every dialogue works in every channel.

Buttons become a numbered menu where there are none (or not that many), and long texts are cut between sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.replies import Button, Reply
from knowledge.text import fold, nfc

HINT = "Nhắn số để chọn."
ASKED = {"location": "Hoặc bấm nút gửi vị trí ở dưới.", "contact": "Hoặc bấm nút gửi số điện thoại ở dưới."}
NO_FILES = "(Tệp kèm theo xem trên trang tra cứu phiếu.)"
_ROOM = 8  # for the marks that are closed and opened again at a cut
_BOLD = re.compile(r"\*\*(?=\S)(.+?)\*\*", re.DOTALL)
# Where a text may be cut, best first: paragraph, line, sentence, word.
_CUTS = (re.compile(r"\n{2,}"), re.compile(r"\n"), re.compile(r"(?<=[.!?…;])\s"), re.compile(r"\s"))
_LISTED = re.compile(r"^(\d{1,2})\. +(.+)$", re.MULTILINE)
_CHOICE = re.compile(r"(?:chon )?(?:so )?([0-9]{1,2})[.)]?")


def utf16(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel's messages can carry.

    Attributes:
        text: the longest text of one message, as `measure` counts after NFC.
        measure: length of a text as the platform counts it.
        bold: whether it shows **bold**; else the marks are taken off.
        buttons: how many may stand under one message; 0 makes menus of them.
        title: the longest title of a button, in characters.
        asks: what a button of the platform's own may ask the phone for: `location`, `contact`.
        asks_apart: such a button and ours cannot stand under one message.
        files: whether files can be sent.
    """

    text: int
    measure: Callable[[str], int] = len
    bold: bool = False
    buttons: int = 0
    title: int = 0
    asks: frozenset[str] = frozenset()
    asks_apart: bool = False
    files: bool = False


def fit(reply: Reply, can: Capabilities) -> Sequence[Reply]:
    """A reply as messages that the channel takes; a file goes first, buttons and questions to the phone go last."""
    text = nfc(reply.text)
    if reply.file is not None and not can.files:
        text = f"{text}\n\n{NO_FILES}".strip()
    numbers: tuple[int, ...] = ()
    if len(reply.buttons) > can.buttons:
        text, numbers = _menu(text, reply.buttons)
    pieces = split(text if can.bold else plain(text), can.text, can.measure)
    buttons = tuple(_titled(button, can.title) for button in reply.buttons) if can.buttons else reply.buttons
    last = replace(
        reply,
        text=pieces[-1],
        buttons=buttons,
        numbers=numbers,
        asks=reply.asks if reply.asks in can.asks else None,
        file=None,
    )
    apart: tuple[Reply, ...] = ()
    if last.asks is not None and buttons and can.asks_apart:
        apart, last = (Reply(ASKED[last.asks], asks=last.asks),), replace(last, asks=None)
    file = (Reply("", file=reply.file),) if reply.file is not None and can.files else ()
    said = (*(Reply(piece) for piece in pieces[:-1]), last, *apart)
    return file if file and not text.strip() else (*file, *said)


def chosen(text: str) -> int | None:
    """The number that a citizen has written to choose from a menu: `2`, `2.`, `số 2`, `chọn 2`; else None."""
    found = _CHOICE.fullmatch(fold(text).strip()) if len(text) <= 12 else None
    return int(found.group(1)) if found else None


def split(text: str, limit: int, measure: Callable[[str], int] = len) -> list[str]:
    """The text in pieces of at most `limit` (as `measure` counts), cut between sentences where that can be done."""
    pieces: list[str] = []
    rest = text.strip()
    while measure(rest) > limit:
        head, rest = _cut(rest, limit - _ROOM, measure)
        if head.count("**") % 2:
            head, rest = head + "**", "**" + rest
        pieces.append(head)
    if rest or not pieces:
        pieces.append(rest)
    return pieces


def plain(text: str) -> str:
    """Our markup taken off."""
    return _BOLD.sub(r"\1", text)


def bold_as(text: str, opening: str, closing: str) -> str:
    """Our markup in another one."""
    return _BOLD.sub(lambda found: f"{opening}{found.group(1)}{closing}", text)


def _menu(text: str, buttons: Sequence[Button]) -> tuple[str, tuple[int, ...]]:
    """The text with every button under a number in it, and the numbers.

    What the text lists already keeps its number: the dialogue itself understands these.
    """
    listed = [(int(number), _bare(line)) for number, line in _LISTED.findall(plain(text))]
    after = max((number for number, _ in listed), default=0)
    numbers: list[int] = []
    lines: list[str] = []
    for button in buttons:
        number = _listed_at(_bare(button.title), listed, numbers)
        if number is None:
            after += 1
            number = after
            lines.append(f"{number}. {button.title}")
        numbers.append(number)
    blocks = [text, *(["\n".join(lines)] if lines else []), HINT]
    return "\n\n".join(block for block in blocks if block.strip()), tuple(numbers)


def _listed_at(title: str, listed: Sequence[tuple[int, str]], taken: Sequence[int]) -> int | None:
    free = [(number, line) for number, line in listed if number not in taken]
    whole = [number for number, line in free if line == title]
    begun = [number for number, line in free if line.startswith(title) and not line[len(title) :][:1].isalnum()]
    explained = [number for number in begun if number not in whole]
    return next(iter([*whole, *explained]), None)


def _bare(text: str) -> str:
    return " ".join(nfc(text).lower().split())


def _titled(button: Button, longest: int) -> Button:
    if not longest or len(button.title) <= longest:
        return button
    return Button(button.title[: longest - 1].rstrip() + "…", button.payload)


def _cut(text: str, limit: int, measure: Callable[[str], int]) -> tuple[str, str]:
    window = _window(text, limit, measure)
    for pattern in _CUTS:
        ends = [match for match in pattern.finditer(window) if match.start() > len(window) // 3]
        if ends:
            return text[: ends[-1].start()].rstrip(), text[ends[-1].end() :].lstrip()
    return window, text[len(window) :]


def _window(text: str, limit: int, measure: Callable[[str], int]) -> str:
    used = 0
    for position, character in enumerate(text):
        used += measure(character)
        if used > limit:
            # Never between the two stars of a mark.
            at_mark = text[position - 1] == "*" and character == "*"
            return text[: position - 1 if at_mark else position]
    return text
