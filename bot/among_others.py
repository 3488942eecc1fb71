"""What may not be said in a group, where others read along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import sentences
from bot.inbox import Claim
from bot.replies import Reply, Turn
from desk.cases import CODE

# Intents that lead to a person's own affairs.
_OWN = frozenset(
    {
        "add_case",
        "check_case",
        "complain",
        "data_request",
        "denounce",
        "give_feedback",
        "handoff",
        "leave_contact",
        "rate_case",
        "reopen_case",
        "solved_case",
    }
)


def is_private(claim: Claim) -> bool:
    """Whether a message may not be asked about where it was said: it names a case, or leads to one's own affairs."""
    if not claim.body.get("public"):
        return False
    intent = str(claim.body.get("payload") or "").removeprefix("/").partition("{")[0]
    return intent in _OWN or CODE.search(str(claim.body.get("text") or "")) is not None


def reveals(claim: Claim, turn: Turn) -> bool:
    """Whether an answer may not be shown where the message was said: a form's question, or one about a case."""
    if not claim.body.get("public"):
        return False
    asks = any(reply.asks == "contact" or CODE.search(reply.text) for reply in turn.replies)
    return bool(turn.in_form or turn.private or asks)


def in_private(claim: Claim, turn: Turn | None = None) -> Turn:
    """The answer instead: the citizen is asked to write in private."""
    address = claim.body.get("private_url")
    said = Reply(f"{sentences.IN_PRIVATE}\n{address}" if address else sentences.IN_PRIVATE)
    private, earlier = (turn.private, turn.earlier) if turn is not None else (False, ())
    return Turn((said,), in_form=False, private=private, earlier=earlier)


def unasking(replies: Sequence[Reply]) -> tuple[Reply, ...]:
    """Replies that ask no phone for anything: that works in private chats only."""
    return tuple(replace(reply, asks=None) for reply in replies)
