"""What the page of a case shows: its steps, what was said, its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.pages._frame import Desk
from desk import attachments, texts
from desk.attachments import Attachment
from desk.cases import Case, Kind, Said, State
from desk.kinds import DONE

STAR_WORDS = ((5, "rất hài lòng"), (4, "hài lòng"), (3, "tạm được"), (2, "chưa hài lòng"), (1, "rất không hài lòng"))
_NAMES = {"citizen": "Anh/chị", "staff": "Cán bộ", "system": "Thông báo"}
_LAW = {Kind.complaint: texts.NO_LEGAL_CLOCK, Kind.denunciation: texts.NO_LEGAL_DENUNCIATION}
_ENDS = {
    State.refused: "Không nhận giải quyết",
    State.transferred: "Đã chuyển nơi khác",
    State.merged: "Giải quyết chung",
}
# Notices are written for the chat: there they name the case and lead to this page.
_CHAT_HEAD, _CHAT_FOOT = "Phiếu **MC-", "Xem phiếu (cần mã và PIN)"


@dataclass(frozen=True)
class Step:
    """One of the steps on the way of a case; `mark` is `done`, `now` or `next`."""

    title: str
    mark: str


@dataclass(frozen=True)
class Item:
    """Something that was said; `answer` marks the last answer."""

    author: str
    name: str
    text: str
    at: datetime
    answer: bool = False
    files: list[Attachment] = field(default_factory=list)


async def of(desk: Desk, case: Case) -> dict[str, Any]:
    """Everything that the template `case.html` wants to know of a case itself."""
    # The question for stars stands on the page itself.
    asks_stars = texts.rate_please(case)
    said = [message for message in await desk.cases.messages_for_citizen(case) if message.text != asks_stars]
    files = [file for file in await attachments.of_case(desk.database, case.id) if visible(file, said)]
    held = {message.id for message in said}
    answers = [message.id for message in said if message.purpose == "final"]
    asked = [message.text for message in said if message.purpose == "ask"]
    return {
        "case": case,
        "kind": texts.KIND[case.kind],
        "state": texts.STATE[case.state],
        "tone": _tone(case.state),
        "steps": steps(case),
        "story": [
            Item("citizen", _NAMES["citizen"], case.text, case.created_at),
            *(_item(m, files, answers[-1:]) for m in said),
        ],
        "answered": bool(answers),
        "loose": [file for file in files if file.message_id not in held],
        "asked": trimmed(asked[-1]) if asked and case.state is State.needs_information else "",
        "purged": case.purged_at is not None,
        "can_add": case.state not in DONE,
        "can_reopen": case.state in DONE and case.state is not State.merged,
        "law": _LAW.get(case.kind, "") if case.legal_from is None else "",
        "star_words": STAR_WORDS,
        "most_files": desk.files.settings.per_message,
        "max_mb": desk.files.settings.max_mb,
    }


def visible(file: Attachment, said: Sequence[Said]) -> bool:
    """Whether the citizen may have a file: their own, or one that came with a message they read."""
    return file.author == "citizen" or file.message_id in {message.id for message in said}


def steps(case: Case) -> list[Step]:
    """The way of a case from its receipt to its end, as far as it has come."""
    if case.state in _ENDS:
        return [Step("Đã nhận", "done"), Step(_ENDS[case.state], "now")]
    titles = ["Đã nhận", "Đang xử lý", "Đã trả lời", "Đã đóng"]
    at = {State.received: 0, State.answered: 2, State.closed: 3}.get(case.state, 1)
    if case.state is State.needs_information:
        titles[1] = "Chờ anh/chị"
    if case.state is State.paused:
        titles[1] = "Tạm dừng"
    return [Step(title, "done" if i < at else "now" if i == at else "next") for i, title in enumerate(titles)]


def trimmed(text: str) -> str:
    """A notice without the lines that only the chat needs."""
    lines = text.split("\n")
    if len(lines) > 1 and lines[0].startswith(_CHAT_HEAD):
        lines = lines[1:]
    if len(lines) > 1 and lines[-1].startswith(_CHAT_FOOT):
        lines = lines[:-1]
    return "\n".join(lines)


def _item(message: Said, files: Sequence[Attachment], answer: Sequence[int]) -> Item:
    return Item(
        author=message.author if message.author in _NAMES else "system",
        name=_NAMES.get(message.author, _NAMES["system"]),
        text=trimmed(message.text),
        at=message.at,
        answer=message.id in answer,
        files=[file for file in files if file.message_id == message.id],
    )


def _tone(state: State) -> str:
    if state in {State.answered, State.closed}:
        return "good"
    return "wait" if state in {State.needs_information, State.refused, State.paused} else "busy"
