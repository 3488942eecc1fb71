"""Finds what citizens copy from elsewhere: the code of their case and the codes of procedures."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from knowledge import text as texts
from nlu.components.normaliser import ORIGINAL
from nlu.reading import case_codes, entity


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=False)
class CodeExtractor(GraphComponent):
    """Adds the entities ``case_code`` (``MC-7K3Q9D``, however it was typed) and ``procedure`` (``1.001193``).

    Codes are read from the text as typed: Rasa's RegexEntityExtractor would see the normalised one, and would need the
    patterns repeated as annotated examples.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CodeExtractor:
        """Rasa's constructor."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the codes found to each message's entities."""
        for message in messages:
            typed = message.get(ORIGINAL) or message.get(TEXT) or ""
            if typed.startswith("/"):
                continue
            found = [entity("case_code", code) for code in case_codes(typed)]
            found += [entity("procedure", code) for code in texts.codes(typed)]
            message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages
