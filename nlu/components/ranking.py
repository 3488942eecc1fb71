"""Setting a message's intent by hand."""

from __future__ import annotations

from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message


def set_intent(message: Message, name: str, confidence: float) -> None:
    """Put an intent in front of what the classifier ranked; what it had said stays below it."""
    chosen = {"name": name, "confidence": confidence}
    rest = [ranked for ranked in message.get(INTENT_RANKING_KEY) or [] if ranked["name"] != name]
    message.set(INTENT, chosen, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [chosen, *rest], add_to_output=True)
