"""The answer of last resort: a plain look into the catalogue while the dialogue is out of order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot import sentences
from bot.replies import Reply

LastResort = Callable[[str, str | None], Awaitable[list[Reply]]]
"""Answers a text for a citizen of a place (its code, or None), without the dialogue."""

_log = structlog.get_logger(__name__)
_TIMEOUT_S = 10.0


async def answer(last_resort: LastResort | None, text: str, place: str | None) -> list[Reply]:
    """Replies that begin by saying that the service is reduced; never empty, never raises."""
    found: list[Reply] = []
    if last_resort is not None and text:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                found = await last_resort(text, place)
        except Exception:
            _log.exception("the answer of last resort failed")
    if not found:
        return [Reply(sentences.REDUCED_NOTHING)]
    first = found[0]
    return [Reply(f"{sentences.REDUCED}\n\n{first.text}", first.buttons), *found[1:]]
