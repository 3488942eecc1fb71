"""Keeps text that says nothing away from the classifier's guess."""

from __future__ import annotations

import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge import text as texts
from nlu.components.ranking import set_intent
from nlu.reading import readable


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class OovGuard(GraphComponent):
    """Reads empty text, emoji and gibberish as ``nlu_fallback``; stands behind the classifier.

    A classifier that knows none of the features answers with its prior: it took an empty message for ``affirm`` at 0.6
    to 0.9. A text is readable when enough of its words are Vietnamese syllables or words of the training data.
    """

    _FILE = "words.json"

    def __init__(self, model_storage: ModelStorage, resource: Resource, words: frozenset[str]) -> None:
        """Keep the known words, folded."""
        self._model_storage = model_storage
        self._resource = resource
        self._words = words

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> OovGuard:
        """An untrained guard: knows syllables only."""
        return cls(model_storage, resource, frozenset())

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> OovGuard:
        """The trained guard. Raises ValueError where the model has no words: a wrong model must not start."""
        with model_storage.read_from(resource) as directory:
            words = json.loads((directory / cls._FILE).read_text(encoding="utf-8"))
        return cls(model_storage, resource, frozenset(words))

    def train(self, training_data: TrainingData) -> Resource:
        """Remember the words of the examples."""
        words = {word for example in training_data.intent_examples for word in texts.tokens(example.get(TEXT) or "")}
        self._words = frozenset(words)
        with self._model_storage.write_to(self._resource) as directory:
            (directory / self._FILE).write_text(json.dumps(sorted(words)), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Turn the unreadable into ``nlu_fallback``."""
        for message in messages:
            text = message.get(TEXT) or ""
            if not text.startswith("/") and message.get(INTENT) and not readable(text, self._words):
                set_intent(message, "nlu_fallback", 1.0)
        return messages
