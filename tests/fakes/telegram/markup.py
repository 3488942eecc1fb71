"""What Telegram takes as formatted text and as keyboards."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from tests.fakes._platform import Refused

_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a", "blockquote"}
_ENTITIES = {"lt", "gt", "amp", "quot"}
_LINK = re.compile(r"(https?|tg)://\S+")


def text_of(parameters: dict[str, Any], name: str, most: int) -> str:
    """A text or caption as it is shown, within so many UTF-16 units."""
    text = str(parameters.get(name) or "")
    shown = from_html(text) if str(parameters.get("parse_mode", "")).upper() == "HTML" else text
    if len(shown.encode("utf-16-le")) // 2 > most:
        raise Refused(400, f"Bad Request: message {'caption ' if name == 'caption' else ''}is too long")
    return shown


def check_keyboard(markup: Any, *, private: bool) -> None:
    """Whether a reply markup is taken.

    Args:
        private: in a private chat, where a place and a number may be asked for.
    """
    if not isinstance(markup, dict):
        raise Refused(400, "Bad Request: object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    if sum(len(row) for row in rows) > 100:
        raise Refused(400, "Bad Request: reply markup is too long")
    for row in rows:
        if len(row) > 8:
            raise Refused(400, "Bad Request: BUTTON_COUNT_INVALID")
        for button in row:
            _check_inline(button)
    for row in markup.get("keyboard", []):
        for button in row:
            _check_reply(button if isinstance(button, dict) else {"text": button}, private)


def _check_inline(button: dict[str, Any]) -> None:
    if not str(button.get("text", "")).strip():
        raise Refused(400, "Bad Request: can't parse inline keyboard button: Text must be non-empty")
    if "url" in button:
        if not _LINK.fullmatch(str(button["url"])):
            raise Refused(400, "Bad Request: BUTTON_URL_INVALID")
        return
    data = button.get("callback_data")
    if data is None:
        raise Refused(400, "Bad Request: Text buttons are unallowed in the inline keyboard")
    if not 1 <= len(data.encode()) <= 64:
        raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")


def _check_reply(button: dict[str, Any], private: bool) -> None:
    if not str(button.get("text", "")).strip():
        raise Refused(400, "Bad Request: can't parse keyboard button: Text must be non-empty")
    if button.get("request_location") and not private:
        raise Refused(400, "Bad Request: location can be requested in private chats only")
    if button.get("request_contact") and not private:
        raise Refused(400, "Bad Request: phone number can be requested in private chats only")


class _Html(HTMLParser):
    """Reads the few tags that Telegram knows, and complains as it does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.shown: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            _unreadable(f'Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            _unreadable(f'Unmatched end tag, found "</{tag}>"')

    def handle_data(self, data: str) -> None:
        self.shown.append(data)

    def handle_entityref(self, name: str) -> None:
        if name not in _ENTITIES:
            _unreadable(f"Unsupported entity {name}")
        self.shown.append({"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[name])

    def handle_charref(self, name: str) -> None:
        self.shown.append(chr(int(name[1:], 16) if name[:1] in "xX" else int(name)))


def _unreadable(why: str) -> None:
    raise Refused(400, f"Bad Request: can't parse entities: {why}")


def from_html(text: str) -> str:
    # A bare "<" that begins no tag is an error for Telegram, while Python's parser shows it as text.
    for match in re.finditer(r"<(?!/?[A-Za-z])", text):
        _unreadable(f'Unsupported start tag "" at byte offset {len(text[: match.start()].encode())}')
    reader = _Html()
    reader.feed(text)
    reader.close()
    if reader.open:
        _unreadable(f'Can\'t find end tag corresponding to start tag "{reader.open[-1]}"')
    if text.count("<") != len(re.findall(r"</?[A-Za-z][^<>]*>", text)):
        _unreadable("Unclosed start tag")
    return "".join(reader.shown)
