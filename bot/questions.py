"""A message of the inbox as a question for the dialogue."""

from __future__ import annotations

import json

from bot.dialogue import Question
from bot.inbox import Claim
from knowledge.text import strip_command


def as_question(claim: Claim) -> Question:
    """What the dialogue server is asked: the words or the pressed button, and the facts that its actions need."""
    text, payload = _wording(claim)
    # With its time: a row number may come back when the database is made anew, and the dialogue would
    # then take the message for one that it has answered.
    message_id = f"{claim.id}-{int(claim.received_at.timestamp() * 1000):x}"
    sender = f"{claim.conversation_id}-{claim.session}"
    return Question(
        sender=sender,
        message_id=message_id,
        text=text,
        payload=payload,
        metadata={
            "conversation": claim.conversation_id,
            "citizen": claim.citizen_id,
            "channel": claim.channel,
            "place": claim.place_code,
            "message_id": message_id,
        },
    )


def _wording(claim: Claim) -> tuple[str | None, str | None]:
    body = claim.body
    match body.get("kind"):
        case "button" | "command":
            return None, str(body["payload"])
        case "location":
            return None, "/give_place" + json.dumps({"lat": body["lat"], "lon": body["lon"]})
        case _:
            # The slash is taken off here as well as in the dialogue's channel: it would be a command there.
            return strip_command(str(body.get("text", ""))) or "?", None
