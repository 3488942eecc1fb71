"""The commands of the bot: its menu, and what each means."""

from __future__ import annotations

from bot.channels.telegram.links import case_words, procedure_payload

MENU = (
    ("thutuc", "Hỏi thủ tục hành chính"),
    ("phananh", "Gửi phản ánh, kiến nghị"),
    ("tracuu", "Xem phiếu đã gửi đến đâu"),
    ("canbo", "Gặp cán bộ"),
    ("huy", "Dừng việc đang làm"),
    ("help", "Tôi giúp được những gì"),
)
"""Command and its description, as Telegram shows them."""

_PAYLOADS = {
    "start": "/greet",
    "help": "/capabilities",
    "thutuc": "/capabilities",
    "phananh": "/give_feedback",
    "tracuu": "/check_case",
    "canbo": "/handoff",
    "huy": "/stop",
    "cancel": "/stop",
}
# What is written behind these is what the citizen wants to say.
_WORDS = {"thutuc": "{rest}", "tracuu": "tra cứu {rest}", "phananh": "phản ánh {rest}"}


def meaning(text: str) -> tuple[str | None, str]:
    """What a text means: the dialogue's payload, None when it is to be read as words, and the words."""
    if not text.startswith("/") or text[1:2].isspace():
        return None, text
    head, _, rest = text[1:].partition(" ")
    # "/start@our_bot code" is "/start" too; what follows it is a deep link's code.
    word, rest = head.partition("@")[0].lower(), rest.strip()
    if word == "start":
        words = case_words(rest)
        return (None, words) if words else (procedure_payload(rest) or _PAYLOADS[word], text)
    if rest and word in _WORDS:
        return None, _WORDS[word].format(rest=rest)
    return _PAYLOADS.get(word), text
