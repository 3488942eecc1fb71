"""Written conversations: what a citizen does turn by turn, and what has to be in each answer."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

FOLDER = Path(__file__).parent / "conversations"
Channel = Literal["web", "telegram", "zalo_oa", "zalo_bot"]
Text = Annotated[str, StringConstraints(min_length=1)]
# Nothing that a citizen must ever see: our own machinery, and a field that was filled with nothing.
NEVER = ("traceback", "none", "null", "undefined", "{", "}", "/ask_procedure", "utter_", "action_")

# Every answer about a procedure ends with its code, a date and that the starter catalogue is not confirmed.
SOURCE = re.compile(r"nguồn: mã \d\.\d{6}.*?\d\d/\d\d/\d{4}\. dữ liệu khởi đầu, chưa được cơ quan xác nhận\.")


class Location(BaseModel):
    """A place on Earth, in degrees."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class Turn(BaseModel):
    """One thing the citizen does, and what the answer must hold.

    Attributes:
        say: writes this; `{name}` stands for what an earlier turn has kept.
        times: how often `say` is repeated in the same message.
        burst: writes these one after the other without waiting; each must be answered.
        press: presses the newest button with this title.
        location: shares this place.
        by: `other` is somebody else, who writes in the other channel.
        has: all of these are in the answer; compared without case, with exact diacritics.
        any: at least one of these is.
        never: none of these is (`not` in the file).
        buttons: titles of buttons that must be offered.
        keep: name and pattern; the first group found in the answer is kept under the name.
    """

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    say: Text | None = None
    times: int = Field(default=1, ge=1)
    burst: list[Text] | None = None
    press: Text | None = None
    location: Location | None = None
    by: Literal["citizen", "other"] = "citizen"
    has: list[Text] = []
    any: list[Text] = []
    never: list[Text] = Field(default=[], alias="not")
    buttons: list[Text] = []
    keep: dict[Text, Text] = {}

    @model_validator(mode="after")
    def _one_act(self) -> Self:
        acts = [self.say, self.burst, self.press, self.location]
        if sum(act is not None for act in acts) != 1:
            raise ValueError("a turn has exactly one of say, burst, press, location")
        if self.times != 1 and self.say is None:
            raise ValueError("`times` goes with `say`")
        return self


class Conversation(BaseModel):
    """A conversation, held once in each of its channels."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Text
    channels: list[Channel] = Field(default=["web", "telegram", "zalo_oa", "zalo_bot"], min_length=1)
    turns: list[Turn] = Field(min_length=1)

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not any(turn.has or turn.any for turn in self.turns):
            raise ValueError("a conversation that expects nothing cannot fail")
        return self


_FILE = TypeAdapter(list[Conversation])


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key written twice: the first one would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.constructor.ConstructorError(None, None, "a key is written twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load(folder: Path = FOLDER) -> list[tuple[str, Conversation]]:
    """Every conversation with the name of its file.

    Raises:
        ValueError: a file is not as it should be, or a name is used twice.
    """
    found: list[tuple[str, Conversation]] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            raw = yaml.load(path.read_text(encoding="utf-8"), _Loader)
            found += [(path.stem, conversation) for conversation in _FILE.validate_python(raw)]
        except (ValueError, yaml.YAMLError) as error:
            raise ValueError(f"{path.name}: {error}") from error
    names = [conversation.name for _, conversation in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"these names are used twice: {twice}")
    return found


def bare(text: str) -> str:
    """A text as it is compared: NFC, lower case, one blank between words, without the marks of bold."""
    plain = unicodedata.normalize("NFC", text).replace("**", "").lower()
    return " ".join(plain.split())


def complaints(turn: Turn, said: str, buttons: list[str], kept: dict[str, str]) -> list[str]:
    """What is wrong with an answer; empty when it is right."""

    def filled(text: str) -> str:
        return bare(fill(text, kept))

    answer = bare(said)
    wrong = [] if answer else ["the answer is empty"]
    wrong += [f"lacks {text!r}" for text in turn.has if filled(text) not in answer]
    if turn.any and not any(filled(text) in answer for text in turn.any):
        wrong.append(f"has none of {turn.any}")
    wrong += [f"must not hold {text!r}" for text in turn.never if filled(text) in answer]
    words = answer.replace(",", " ").replace(".", " ").split()
    wrong += [f"shows the citizen {text!r}" for text in NEVER if text in (words if text.isalpha() else answer)]
    if "nơi nộp:" in answer and not SOURCE.search(answer):
        wrong.append("tells where to go without a source, its date and that it is not confirmed")
    offered = [bare(title) for title in buttons]
    wrong += [f"does not offer the button {title!r}" for title in turn.buttons if filled(title) not in offered]
    return wrong


def fill(text: str, kept: dict[str, str]) -> str:
    """Put what was kept in its places."""
    for name, value in kept.items():
        text = text.replace(f"{{{name}}}", value)
    return text
