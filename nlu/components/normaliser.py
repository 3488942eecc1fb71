"""The first step of the pipeline: citizens' Vietnamese in one spelling."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge import text as texts

# Where the text stays as it was typed; later components read codes from it.
ORIGINAL = "original_text"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=False)
class VietnameseNormalizer(GraphComponent):
    """Rewrites a message's text: NFC, shorthand spelled out, Telex and VNI residue repaired, lower case.

    Config: ``augment`` adds to each training example its copy without diacritics, because half of the citizens type
    none; ``fold`` drops the diacritics everywhere instead. A payload (``/intent{...}``) is left as it is.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        """Keep the configuration."""
        self._augment = bool(config["augment"])
        self._fold = bool(config["fold"])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> VietnameseNormalizer:
        """Rasa's constructor."""
        return cls(config)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """What holds where config.yml says nothing."""
        return {"augment": True, "fold": False}

    def process(self, messages: list[Message]) -> list[Message]:
        """Normalise what citizens wrote."""
        for message in messages:
            text = message.get(TEXT)
            if text and not text.startswith("/"):
                message.set(ORIGINAL, text)
                message.set(TEXT, self._normalise(text))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Normalise the examples and add the copies that nobody should have to write by hand."""
        copies: list[Message] = []
        for example in training_data.training_examples:
            text = example.get(TEXT)
            if not text:
                continue
            text = self._normalise(text)
            example.set(TEXT, text)
            bare = texts.fold(text)
            if self._augment and example.get(INTENT) and bare != text:
                copy = Message(data=dict(example.data))
                copy.set(TEXT, bare)
                copies.append(copy)
        training_data.training_examples.extend(copies)
        return training_data

    def _normalise(self, text: str) -> str:
        text = texts.normalise(text).lower()
        return texts.fold(text) if self._fold else text
