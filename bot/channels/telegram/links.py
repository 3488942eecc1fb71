"""Addresses that open the bot with something in mind, and what such a beginning means.

A link carries at most 64 of `A-Z a-z 0-9 _ -` (https://core.telegram.org/bots/features#deep-linking).
"""

from __future__ import annotations

import json
import re

from desk.cases import CODE

_START = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PROCEDURE = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)+")
_SAYS = "tra cứu {code}"


def link(username: str, start: str) -> str:
    """The address of a private chat with the bot.

    Raises:
        ValueError: `start` cannot stand in a link.
    """
    if not _START.fullmatch(start):
        raise ValueError("not what a link may carry")
    return f"https://t.me/{username}?start={start}"


def procedure_payload(start: str) -> str | None:
    """The dialogue's payload for a procedure's link, None when it is none."""
    code = start.removeprefix("p_").replace("-", ".")
    if not _START.fullmatch(start) or not start.startswith("p_") or not _PROCEDURE.fullmatch(code):
        return None
    return "/ask_procedure" + json.dumps({"procedure": code})


def case_words(start: str) -> str | None:
    """What a citizen who follows a case's link says, None when it is none."""
    code = start.removeprefix("c_")
    if not _START.fullmatch(start) or not start.startswith("c_") or not CODE.fullmatch(code):
        return None
    return _SAYS.format(code=code)
