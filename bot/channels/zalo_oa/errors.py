"""What the error codes of the Open API mean for a message.

Source: https://developers.zalo.me/docs/official-account/phu-luc/ma-loi. Errors come with HTTP 200.
"""

from __future__ import annotations

from typing import Literal

from bot.channels.contract import Outcome
from desk.causes import Cause

Class = Literal["token", "later", "upload", "dead", "person"]

_CLASSES: dict[Class, frozenset[int]] = {
    # The access token has run out or was replaced: a new one, once.
    "token": frozenset({-216, -220, -124}),
    # Too many calls, no quota at the moment, a fault of Zalo's.
    "later": frozenset({-32, -211, -200}),
    # What was uploaded is gone.
    "upload": frozenset({-100}),
    # This message will never arrive.
    "dead": frozenset({-201, -213, -217, -218, -227, -230, -232, -233, -244, -248}),
    # Something has to be put right with the account before anything can be sent.
    "person": frozenset({-209, -212, -219, -221, -223, -224, -320, -321}),
}
_BLOCKED = frozenset({-213, -217, -227, -244, -248})
_CAUSES = {
    **dict.fromkeys(_BLOCKED, Cause.blocked),
    -218: Cause.limited,
    -230: Cause.window,
    -232: Cause.window,
}
_LATER_S = 15.0
_PERSON_S = 300.0
_REASONS = {
    -201: "wrong parameters",
    -213: "the citizen does not follow the account",
    -217: "the citizen blocked the account",
    -218: "the citizen has had as many messages as they may",
    -227: "the citizen's account is blocked or not used for long",
    -230: "outside Zalo's window of 7 days",
    -232: "the citizen has not written yet",
    -233: "a kind of message that is not supported",
    -244: "the citizen does not want messages of this kind",
    -248: "the citizen does not want messages of this account",
    -224: "the account needs another package",
    -320: "the app is not linked with a Zalo Business Account",
    -321: "the Zalo Business Account has no money left",
}


def class_of(code: int) -> Class | None:
    """What kind of error a code is; None when the code is not known."""
    return next((name for name, codes in _CLASSES.items() if code in codes), None)


def outcome_of(code: int) -> Outcome:
    """What a refusal means for the message; a token or an upload has had its second try by then."""
    reason = f"{code} {_REASONS.get(code, '')}".strip()
    match class_of(code):
        case "token":
            return Outcome("retry", reason, Cause.access, pause_s=_LATER_S)
        case "later":
            return Outcome("retry", reason, Cause.limited, pause_s=_LATER_S)
        case "person":
            return Outcome("retry", reason, Cause.access, pause_s=_PERSON_S)
        case _:
            return Outcome("dead", reason, _CAUSES.get(code, Cause.refused), blocked=code in _BLOCKED)
