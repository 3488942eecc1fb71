"""Reads a message in the light of what the bot has just asked."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.components.normaliser import ORIGINAL
from nlu.components.ranking import set_intent
from nlu.reading import Asked, Button, entity, read


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class ContextGuard(GraphComponent):
    """Lets the open question decide what a message means; stands last in the pipeline.

    Rasa hands the tracker to the graph, so the state read is the saved one and works with any channel.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ContextGuard:
        """Rasa's constructor."""
        return cls()

    def process(self, messages: list[Message], tracker: DialogueStateTracker) -> list[Message]:
        """Replace intent and entities where the open question says so."""
        for message in messages:
            text = message.get(TEXT) or ""
            if text.startswith("/"):
                continue
            ranking = [(str(r["name"]), float(r["confidence"])) for r in message.get(INTENT_RANKING_KEY) or []]
            entities = {str(e["entity"]): str(e["value"]) for e in message.get(ENTITIES) or []}
            reading = read(message.get(ORIGINAL) or text, asked(tracker), ranking, entities)
            if reading is None:
                continue
            set_intent(message, reading.intent, reading.confidence)
            if reading.entities is not None:
                found = [entity(name, value) for name, value in reading.entities.items()]
                message.set(ENTITIES, found, add_to_output=True)
        return messages


def asked(tracker: DialogueStateTracker) -> Asked:
    """What the bot has asked last, from the saved conversation."""
    in_form = tracker.active_loop_name is not None
    utterance = tracker.latest_bot_utterance
    shown = (utterance.data or {}).get("buttons") if utterance is not None else None
    options = tracker.get_slot("options")
    return Asked(
        slot=tracker.get_slot("requested_slot") if in_form else None,
        pending=tracker.get_slot("pending"),
        options=_buttons(options),
        buttons=_buttons(shown),
    )


def _buttons(raw: Any) -> tuple[Button, ...]:
    if not isinstance(raw, list):
        return ()
    return tuple(
        Button(str(item.get("title", "")), str(item.get("payload", ""))) for item in raw if isinstance(item, dict)
    )
