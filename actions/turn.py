"""One turn of the dialogue: what the citizen said, what is remembered, and what is said back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol
from uuid import uuid4

from desk.cases import Cases
from desk.takeover import Waiting
from knowledge.catalogue import Snapshot
from knowledge.places import Gazetteer, Place


class Versions(Protocol):
    """Where the live version of the catalogue comes from (`knowledge.catalogue.Catalogue`)."""

    async def snapshot(self) -> Snapshot:
        """The live version, loaded."""


class OneVersion:
    """The catalogue as one turn sees it: what was live when it first looked, to its end."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._snapshot: Snapshot | None = None

    async def snapshot(self) -> Snapshot:
        """The same version each time."""
        if self._snapshot is None:
            self._snapshot = await self._versions.snapshot()
        return self._snapshot


@dataclass(frozen=True)
class Services:
    """What the actions call; put together once by the composition.

    Attributes:
        catalogue: the live procedures.
        cases: the desk's cases.
        remember_place: stores the commune of a citizen (citizen id, code or None).
        note: `knowledge.asked.note` over the program's database: keeps a question that was not answered well.
        withdraw: `knowledge.asked.withdraw` over it: takes such a note back.
        today: the day of an answer, in Viet Nam.
        handoff: `desk.takeover.Takeovers.request`: puts a conversation into the queue for a person.
        consent: `desk.privacy.give` over the program's database: records that a citizen agreed.
        public_url: where citizens reach the web page, without a path.
        case_days: days after which a finished case loses its contact data.
        contact_line: telephone or address for those who want a person at once; may be empty.
    """

    catalogue: Versions
    cases: Cases
    remember_place: Callable[[int, str | None], Awaitable[None]]
    note: Callable[..., Awaitable[bool]]
    withdraw: Callable[..., Awaitable[bool]]
    today: Callable[[], date]
    handoff: Callable[..., Awaitable[Waiting]]
    consent: Callable[..., Awaitable[None]]
    public_url: str
    case_days: int
    contact_line: str = ""

    def for_one_turn(self) -> Services:
        """The same with a catalogue that does not change while the turn is answered."""
        if isinstance(self.catalogue, OneVersion):
            return self
        return replace(self, catalogue=OneVersion(self.catalogue))


@dataclass(frozen=True)
class Button:
    """A choice offered; `payload` is Rasa's `/intent{json}`."""

    title: str
    payload: str

    def as_json(self) -> dict[str, str]:
        """The form in which Rasa and the slot `options` hold it."""
        return {"title": self.title, "payload": self.payload}


@dataclass(frozen=True)
class Message:
    """One message to the citizen.

    Attributes:
        asks: what their phone may answer with one press: `location` or `contact` (their own telephone number).
    """

    text: str
    buttons: tuple[Button, ...] = ()
    asks: str | None = None


@dataclass
class Reply:
    """What a turn says and which slots it sets.

    Attributes:
        missed: the bot did not understand, or knows nothing that fits; the second time in a row a person is offered.
        private: the citizen's words must not be kept: neither in the inbox nor in the dialogue's memory.
        earlier: ids of messages before this one of which the same holds.
        forget: what was said so far leaves the dialogue's memory, and only that: it is kept elsewhere by now.
    """

    messages: list[Message] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)
    missed: bool = False
    private: bool = False
    earlier: list[str] = field(default_factory=list)
    forget: bool = False

    def say(self, text: str, *buttons: Button) -> Reply:
        """Add a message; gives itself back."""
        self.messages.append(Message(text, buttons))
        return self

    def asking(self, what: str) -> Reply:
        """Let the phone answer the last message; gives itself back."""
        self.messages[-1] = replace(self.messages[-1], asks=what)
        return self

    def add(self, other: Reply) -> Reply:
        """Add all of another reply; its slots win."""
        self.messages += other.messages
        self.slots.update(other.slots)
        self.missed = self.missed or other.missed
        self.private = self.private or other.private
        self.earlier += other.earlier
        self.forget = self.forget or other.forget
        return self


@dataclass(frozen=True)
class Turn:
    """The citizen's side of a turn.

    Attributes:
        text: what they wrote; for a pressed button its `/intent{json}`.
        intent: name of the intent that Rasa read.
        entities: values by entity name, from a button or Rasa's extractors.
        slots: the dialogue's memory.
        metadata: conversation, citizen, channel, place, message_id (see `bot.dialogue`).
        shown: for a pressed button, the message that carried it, if it is not long ago.
    """

    text: str
    intent: str
    entities: Mapping[str, Any]
    slots: Mapping[str, Any]
    metadata: Mapping[str, Any]
    shown: str = ""

    @property
    def pressed(self) -> bool:
        """Whether a button was pressed."""
        return self.text.startswith("/")

    @property
    def citizen_id(self) -> int | None:
        """Number of the citizen, if the front door gave one."""
        value = self.metadata.get("citizen")
        return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None

    @property
    def conversation_id(self) -> str | None:
        """Id of the conversation, if the front door gave one."""
        value = self.metadata.get("conversation")
        return value if isinstance(value, str) and value else None

    @property
    def key(self) -> str:
        """Idempotency key: this very message of this conversation.

        Where the front door named none, each call gives another key: two citizens must never share a case.
        """
        message = self.metadata.get("message_id")
        if self.conversation_id is None or message in (None, ""):
            return f"unnamed:{uuid4()}"
        return f"{self.conversation_id}:{message}"

    @property
    def place(self) -> Place | None:
        """The citizen's commune: as said in this dialogue, else as remembered from before."""
        for code in (self.slots.get("place"), self.metadata.get("place")):
            if isinstance(code, str) and code:
                try:
                    return Gazetteer.load().get(code)
                except KeyError:
                    continue
        return None


def payload(intent: str, **entities: Any) -> str:
    """Rasa's text for a button: `/intent{json}`."""
    return f"/{intent}{json.dumps(entities, ensure_ascii=False)}" if entities else f"/{intent}"


def parse_payload(text: str) -> tuple[str, dict[str, Any]]:
    """Intent and entities of a button's text.

    Raises:
        ValueError: it is not of the form `/intent{json}`.
    """
    if not text.startswith("/"):
        raise ValueError("not a payload")
    intent, brace, rest = text[1:].partition("{")
    entities = json.loads(brace + rest) if brace else {}
    if not intent or not isinstance(entities, dict):
        raise ValueError("not a payload")
    return intent, entities
