"""What kinds of cases there are, which states they go through, and what may follow what."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Kinds of cases; each has its own law.

    `feedback` is phản ánh, kiến nghị (Nghị định 20/2008/NĐ-CP), `complaint` khiếu nại (Luật Khiếu nại 2011),
    `denunciation` tố cáo (Luật Tố cáo 2018), `data_request` a request about one's own personal data
    (Luật 91/2025/QH15); `question` is what the bot could not answer.
    """

    question = "question"
    feedback = "feedback"
    complaint = "complaint"
    denunciation = "denunciation"
    data_request = "data_request"


class State(StrEnum):
    """States of a case."""

    received = "received"
    needs_information = "needs_information"
    accepted = "accepted"
    in_progress = "in_progress"
    paused = "paused"
    answered = "answered"
    closed = "closed"
    reopened = "reopened"
    refused = "refused"
    transferred = "transferred"
    merged = "merged"


class Bucket(StrEnum):
    """What lists go by; a denunciation is in `vault` whatever its state, so that no list finds it."""

    open = "open"
    waiting = "waiting"
    paused = "paused"
    done = "done"
    vault = "vault"


OPEN = frozenset({State.received, State.accepted, State.in_progress, State.reopened})
"""States in which it is the desk's turn."""
DONE = frozenset({State.answered, State.closed, State.refused, State.transferred, State.merged})
"""States in which nothing is owed."""

_ACTIVE = frozenset({State.needs_information, State.paused, State.answered, State.refused, State.transferred})
NEXT: dict[State, frozenset[State]] = {
    State.received: _ACTIVE | {State.accepted, State.in_progress, State.merged},
    State.needs_information: frozenset(
        {State.received, State.accepted, State.in_progress, State.reopened, State.answered, State.refused}
        | {State.transferred, State.closed, State.merged}
    ),
    State.accepted: _ACTIVE | {State.in_progress, State.merged},
    State.in_progress: _ACTIVE | {State.merged},
    State.paused: frozenset({State.received, State.accepted, State.in_progress, State.reopened, State.closed}),
    State.reopened: _ACTIVE | {State.in_progress, State.merged},
    State.answered: frozenset({State.closed, State.reopened}),
    State.closed: frozenset({State.reopened}),
    State.refused: frozenset({State.reopened}),
    State.transferred: frozenset({State.reopened}),
    State.merged: frozenset(),
}
"""What may follow a state. From `needs_information` and `paused` a case goes back to the state it came from."""


def bucket(kind: Kind, state: State) -> Bucket:
    """Where lists find a case of this kind in this state."""
    if kind is Kind.denunciation:
        return Bucket.vault
    if state is State.needs_information:
        return Bucket.waiting
    if state is State.paused:
        return Bucket.paused
    return Bucket.open if state in OPEN else Bucket.done
