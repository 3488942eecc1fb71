"""Every written conversation, held with the running program in each of its channels."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.conftest import Meet
from tests.acceptance.people import Heard, Person
from tests.acceptance.script import Channel, Conversation, Turn, complaints, fill, load

CONVERSATIONS = load()
HELD = [
    pytest.param(conversation, channel, id=f"{file}: {conversation.name} [{channel}]")
    for file, conversation in CONVERSATIONS
    for channel in conversation.channels
]
OTHER: dict[Channel, Channel] = {"web": "telegram", "telegram": "zalo_oa", "zalo_oa": "zalo_bot", "zalo_bot": "web"}


def test_there_are_enough_conversations() -> None:
    assert len(CONVERSATIONS) >= 45


# The first one waits for the program to start: models are trained and the catalogue is published.
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("conversation", "channel"), HELD)
async def test_conversation(conversation: Conversation, channel: Channel, meet: Meet) -> None:
    people: dict[str, Person] = {}
    kept: dict[str, str] = {}
    protocol: list[str] = []
    for turn in conversation.turns:
        if turn.by not in people:
            people[turn.by] = await meet(channel if turn.by == "citizen" else OTHER[channel])
        act, heard = await _act(turn, people[turn.by], kept)
        said = "\n".join(each.text for each in heard)
        buttons = [title for each in heard for title in each.buttons]
        protocol.append(f">>> {act}\n{said}\n    {buttons}")
        wrong = [problem for each in heard if not each.text.strip() for problem in ["a message is not answered"]]
        wrong += complaints(turn, said, buttons, kept)
        for name, pattern in turn.keep.items():
            found = re.search(pattern, said.replace("**", ""))
            if found is None:
                wrong.append(f"there is no {name} in it")
            else:
                kept[name] = found.group(1)
        assert not wrong, "\n".join([*protocol, *wrong])


async def _act(turn: Turn, person: Person, kept: dict[str, str]) -> tuple[str, list[Heard]]:
    if turn.press is not None:
        return f"[{turn.press}]", [await person.press(fill(turn.press, kept))]
    if turn.location is not None:
        return f"({turn.location})", [await person.share(turn.location.lat, turn.location.lon)]
    texts = turn.burst or [str(turn.say) * turn.times]
    texts = [fill(text, kept) for text in texts]
    return " / ".join(text[:300] for text in texts), await person.say(*texts)
