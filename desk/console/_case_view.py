"""What the page of a case shows of a dossier, in words for staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from markupsafe import Markup
from sqlalchemy import select

from desk.attachments import Attachment
from desk.audit import Entry
from desk.case_clocks import Explained
from desk.cases import Case
from desk.clocks import Step
from desk.console._access import who
from desk.console._desk_words import (
    ACTORS,
    CHANNELS,
    COMPLEXITIES,
    DELIVERY,
    KINDS,
    LOG,
    OUTCOMES,
    STATES,
    TONES,
    VIAS,
    Due,
    due,
)
from desk.console._frame import PARTS, when
from desk.console._lists import as_chat
from desk.dossier import Dossier, Message
from desk.kinds import DONE, State
from desk.settings import DeliverySettings
from desk.staff import Person
from desk.transcript import Turn
from store.engine import Database
from store.errors import MotcuaError
from store.tables import conversations, now

_OWN = "Mục tiêu nội bộ"
_PURPOSES = {"reply": "nhắn người dân", "final": "trả lời", "ask": "hỏi thêm", "note": "ghi chú nội bộ"}
# Steps that make a line in the thread; what carries a text of its own is a message there already.
_SHOWN = {
    "taken", "assigned", "moved", "accepted", "begun", "refused", "transferred", "paused", "resumed", "closed",
    "reopened", "legal_clock_started", "merged", "linked", "unlinked", "undone", "escalated", "apologised", "rated",
    "settled",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """Something in the thread.

    Attributes:
        side: `citizen`, `ours`, `inner` (among staff), `machine`, `event`.
        label: what it is, beside the name.
        delivery: how far it is on its way, and the colour of that.
        held: number of the message when it waits for approval.
        mine: whether the person who looks wrote it.
        again: number of the message when it was handed back to the person who looks.
    """

    side: str
    by: str
    at: datetime
    text: str | Markup
    plain: str = ""
    label: str = ""
    delivery: tuple[str, str] | None = None
    held: int | None = None
    mine: bool = False
    again: int | None = None
    files: tuple[Attachment, ...] = ()

    @staticmethod
    def of_turn(turn: Turn) -> Line:
        """A message of the conversation with the bot."""
        side = {"citizen": "citizen", "staff": "ours"}.get(turn.author, "ours machine")
        by = {"citizen": "Người dân", "staff": "Cán bộ", "bot": "Trợ lý"}.get(turn.author, "Tin báo")
        delivery = DELIVERY.get(turn.delivery or "", ("", "")) if turn.delivery not in {None, "sent"} else None
        return Line(side, by, turn.at, as_chat(turn.text), delivery=delivery)


@dataclass(frozen=True)
class Clock:
    """A clock as the page shows it.

    Attributes:
        badge: how it ended, or that it stands still.
        doubtful: whether the figure was not read in the law itself.
        steps: how its date came about.
    """

    title: str
    due: Due | None
    badge: tuple[str, str] | None
    law: str
    source: str
    doubtful: bool
    steps: Sequence[Step]


@dataclass(frozen=True)
class LogLine:
    """An entry of the log in words."""

    at: datetime
    actor: str
    said: str
    more: str


@dataclass(frozen=True)
class Way:
    """How a reply reaches the citizen; `tone` bad, warn or nothing."""

    said: str
    tone: str = ""


def thread_of(found: Dossier, by: Person) -> list[Line]:
    """All that was said about a case, and its steps, in order."""
    case = found.case
    by_message: dict[int | None, list[Attachment]] = {}
    for file in found.attachments:
        if not file.removed:
            by_message.setdefault(file.message_id, []).append(file)
    known = {message.id for message in found.messages}
    loose = [file for number, files in by_message.items() if number not in known for file in files]
    lines = [Line("citizen", "Người dân", case.created_at, case.text, case.text, files=tuple(loose))]
    lines += [_line(message, by, tuple(by_message.get(message.id, ()))) for message in found.messages]
    lines += [
        Line("event", _actor(entry.actor), entry.at, LOG.get(entry.action, entry.action) + _more(entry, "thread"))
        for entry in found.entries
        if entry.action in _SHOWN
    ]
    if case.rating_comment and case.rated_at:
        said = f"{case.rating}/5 sao" if case.rating else ""
        lines.append(Line("citizen", "Người dân", case.rated_at, case.rating_comment, label=f"nhận xét {said}".strip()))
    return sorted(lines, key=lambda line: line.at)


def entries_of(found: Dossier) -> list[LogLine]:
    """The log of a case in words, the newest first."""
    return [
        LogLine(entry.at, _actor(entry.actor), LOG.get(entry.action, entry.action), _more(entry, "log"))
        for entry in reversed(found.entries)
    ]


def way_of(found: Dossier, channel: str | None, settings: DeliverySettings) -> Way:
    """How a reply would reach the citizen now."""
    name = CHANNELS.get(channel or "", channel or "")
    match found.window:
        case "free":
            return Way(f"Gửi qua {name} của người dân, và nằm trên trang tra cứu phiếu.")
        case "paid":
            what = (
                "gửi tin này mất phí" if settings.zalo_pay else "tin này không gửi đi, chỉ nằm trên trang tra cứu phiếu"
            )
            return Way(f"Người dân im lặng quá {settings.zalo_free_hours:.0f} giờ nên {name} thu phí: {what}.", "warn")
        case "closed":
            return Way(
                f"{name} không cho gửi nữa (người dân im lặng quá lâu hoặc đã chặn). Câu trả lời chỉ nằm trên trang "
                "tra cứu; hãy gọi cho người dân nếu có số liên hệ.",
                "bad",
            )
        case _:
            return Way("Nằm trên trang tra cứu phiếu; người dân xem bằng mã và PIN.")


async def facts_of(request: web.Request, found: Dossier) -> dict[str, Any]:
    """The case and what is known of it, for the screen and for paper."""
    parts, case, by = request.app[PARTS], found.case, who(request)
    channel = await _channel(parts.db, case.conversation_id)
    place = _place(parts.gazetteer, case)
    procedure = await _procedure(request, case.procedure_code)
    moment = now()
    detail = case.detail or {}
    return {
        "case": case,
        "kinds": KINDS,
        "states": STATES,
        "tones": TONES,
        "complexities": COMPLEXITIES,
        "due": _due(case, moment),
        "came": CHANNELS.get(channel or "", VIAS.get(case.via, case.via)),
        "channel": channel,
        "unit": found.unit,
        "assignee": found.assignee,
        "contact": found.contact,
        "place": place,
        "procedure": procedure,
        "clocks": [_clock(one, moment) for one in found.clocks],
        "files": [file for file in found.attachments if not file.removed],
        "leader": found.leader,
        "followers": found.linked,
        "merged": found.merged,
        "merged_into": found.merged_into,
        "placeholders": {
            "ten": str(detail.get("name") or "anh/chị"),
            "ma_phieu": case.code,
            "viec": case.subject,
            "ngay_gui": f"{when(case.created_at)[6:]}",
            "han": when(case.due_at),
            "don_vi": found.unit or "",
            "noi": place or case.place_text or "",
            "thu_tuc": procedure or "",
            "can_bo": by.name,
            "lien_ket": parts.cases.link(case),
        },
    }


def _line(message: Message, by: Person, files: tuple[Attachment, ...]) -> Line:
    text = as_chat(message.text) if message.author == "system" else message.text
    if message.author == "citizen":
        return Line("citizen", "Người dân", message.at, text, message.text, files=files)
    if not message.public:
        return Line("inner", message.staff_name or "Hệ thống", message.at, text, message.text, "ghi chú nội bộ")
    if message.author == "system":
        return Line("ours machine", "Tin báo", message.at, text, message.text, delivery=_delivery(message))
    label = _PURPOSES.get(message.purpose, "")
    if message.approved_by:
        label += f", {message.approved_by} duyệt"
    mine = message.staff_name == by.name
    return Line(
        "ours",
        message.staff_name or "Cán bộ",
        message.at,
        text,
        message.text,
        label + (", chờ duyệt" if message.state == "waiting" else ", bị trả lại" if message.state == "refused" else ""),
        delivery=_delivery(message) if message.state == "written" else None,
        held=message.id if message.state == "waiting" else None,
        mine=mine,
        again=message.id if message.state == "refused" and mine else None,
        files=files,
    )


def _delivery(message: Message) -> tuple[str, str]:
    if message.delivery is None:
        return "trên trang tra cứu", ""
    said, tone = DELIVERY.get(message.delivery, (message.delivery, ""))
    return (
        f"{said}: {message.delivery_error}" if message.delivery == "dead" and message.delivery_error else said
    ), tone


def _due(case: Case, moment: datetime) -> Due:
    if case.state in DONE:
        said = "Đã xong" if case.on_time is None else "Xong đúng hạn" if case.on_time else "Xong trễ hạn"
        return Due(said, "", "late" if case.on_time is False else "still")
    still = {
        State.paused: "Tạm dừng, không tính hạn",
        State.needs_information: "Chờ người dân, không tính hạn",
    }.get(case.state, "Không có hạn")
    return due(case.due_at, moment, still=still)


def _clock(one: Explained, moment: datetime) -> Clock:
    badge = OUTCOMES.get(one.outcome or "") or (("đang dừng", "warn") if one.paused else None)
    shown = due(one.due_at, moment) if one.due_at and one.outcome is None else None
    if one.outcome is not None and one.due_at is not None:
        exact = due(one.due_at, moment).exact
        shown = Due("Hạn", exact, "still")
    # The province's own targets rest on no law that could be verified.
    doubtful = not one.verified and not one.law.startswith(_OWN)
    return Clock(one.title, shown, badge, one.law, one.source, doubtful, one.steps)


def _actor(name: str) -> str:
    return ACTORS.get(name, name)


def _more(entry: Entry, where: str) -> str:
    """What of an entry's data is worth a word; it holds no words that people wrote."""
    data, said = entry.data, []
    if entry.action == "assigned":
        said.append(f"cho {data['assignee']}" if data.get("assignee") else "về hàng chung")
    if entry.action == "rated" and data.get("stars"):
        said.append(f"{data['stars']} sao")
    if where == "log":
        if data.get("from") and data.get("to") and data["from"] in STATES and data["to"] in STATES:
            said.append(f"{STATES[State(data['from'])]} → {STATES[State(data['to'])]}")
        if data.get("set"):
            said.append(", ".join(sorted(map(str, data["set"]))))
        if data.get("not_sent"):
            said.append("chỉ nằm trên trang tra cứu")
        said.append(f"mục {entry.id}")
    return (" " if said and where == "thread" else "") + " · ".join(said)


def _place(gazetteer: Any, case: Case) -> str | None:
    if not case.place_code:
        return None
    try:
        return str(gazetteer.get(case.place_code).name)
    except KeyError:
        return case.place_code


async def _procedure(request: web.Request, code: str | None) -> str | None:
    """The name of a procedure of the live catalogue; None when there is none, or nothing is live."""
    if code is None:
        return None
    try:
        return (await request.app[PARTS].catalogue.show(code)).name
    except MotcuaError:
        return None


async def _channel(db: Database, conversation_id: str | None) -> str | None:
    if conversation_id is None:
        return None
    async with db.connect() as connection:
        wanted = select(conversations.c.channel).where(conversations.c.id == conversation_id)
        return await connection.scalar(wanted)
