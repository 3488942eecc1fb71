"""What the readers of every platform's events share: texts, ids, and what is not shaped as the platform says."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bot.channels.contract import Broken
from bot.incoming import MAX_TEXT

ILL_SHAPED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading something of the wrong shape may raise."""
_LONGEST_ID = 150


def said(text: str) -> dict[str, Any]:
    """A cleaned text as the inbox holds it, with `cut` where it was too long."""
    body: dict[str, Any] = {"text": text[:MAX_TEXT].rstrip()}
    if len(text) > MAX_TEXT:
        body["cut"] = True
    return body


def identifier(value: Any) -> str:
    """An id of the platform's.

    Raises:
        ValueError: it is none, or too long to be kept.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("an id that is not one")
    text = str(value)
    if not 0 < len(text) <= _LONGEST_ID or not text.isprintable():
        raise ValueError("an id that is not one")
    return text


def broken(content: Any, error: Exception, prefix: str = "") -> Broken:
    """What could not be read, kept once however often it comes.

    Args:
        prefix: stands before its id.
    """
    try:
        text = json.dumps(content, sort_keys=True, default=str)
    except (RecursionError, ValueError, TypeError):
        # So deep that it can be read, but not written down again.
        text = content = f"{type(content).__name__} that cannot be written down"
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return Broken(f"{prefix}broken:{digest}", content, f"{type(error).__name__}: {error}")
