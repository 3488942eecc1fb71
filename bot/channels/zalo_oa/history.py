"""What Zalo tells of a conversation: whether a message of which no answer came has arrived.

Source: https://developers.zalo.me/docs/official-account/quan-ly/quan-ly-thong-tin-nguoi-dung (conversations, messages).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

LATEST = 10
"""Messages that Zalo gives at most."""
_OURS = 0
# Zalo's clock may be behind ours by so much.
_SKEW = timedelta(seconds=2)
# An equal message this shortly before may be the one, if the clocks differ by more.
_NEAR = timedelta(seconds=120)


def arrived(told: Any, text: str, since: datetime) -> bool | None:
    """Whether the account's message is in the conversation.

    Args:
        told: `data` of the answer: the newest messages.
        text: what it says; empty for a file.
        since: when its send began.

    Returns:
        None when it cannot be said for certain.
    """
    if not isinstance(told, Sequence) or isinstance(told, str):
        return None
    moments: list[datetime] = []
    ours: list[tuple[datetime, bool | None]] = []
    for one in told:
        at = _moment(one)
        if at is None:
            return None
        moments.append(at)
        if one.get("src") == _OURS:
            ours.append((at, _same(one, text)))
    after = {same for at, same in ours if at >= since - _SKEW}
    if True in after:
        return True
    if None in after or any(same and at >= since - _NEAR for at, same in ours):
        return None
    covered = len(moments) < LATEST or min(moments) < since - _SKEW
    return False if covered else None


def _same(one: dict[str, Any], text: str) -> bool | None:
    """Whether a message is the one that says this; None where its shape does not tell, or it may be cut short."""
    theirs, mine = _plain(one.get("message")), _plain(text)
    if mine and theirs == mine:
        return True
    if not mine or not theirs or one.get("type") != "text":
        return None
    return None if mine.startswith(theirs.rstrip("….")) or theirs.startswith(mine) else False


def _moment(one: Any) -> datetime | None:
    stamp = one.get("time") if isinstance(one, dict) else None
    try:
        return datetime.fromtimestamp(float(stamp) / 1000, UTC)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _plain(text: Any) -> str:
    return " ".join(unicodedata.normalize("NFC", str(text or "")).split())
