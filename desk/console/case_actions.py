"""What may be done with a case: one table that gives the routes, the buttons, their keys and their forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from desk.access import Right, may, require
from desk.cases import Case
from desk.console._case_fields import text_of
from desk.console._frame import field_of
from desk.console._lists import day_of
from desk.handling import Handling
from desk.kinds import DONE, NEXT, Kind, State
from desk.staff import Person
from store.errors import Invalid

Do = Callable[[Handling, Person, str, Mapping[str, Any], int | None], Awaitable[Case]]
Offered = Callable[[Case, Person], bool]


def _never(case: Case, by: Person) -> bool:
    return False


@dataclass(frozen=True)
class Field:
    """A field of an action's form.

    Attributes:
        kind: `text`, `area`, `day`, `people` (a colleague), `units`, `code` (of another case).
    """

    name: str
    label: str
    kind: Literal["text", "area", "day", "people", "units", "code"] = "text"
    required: bool = True
    hint: str = ""


@dataclass(frozen=True)
class Action:
    """Something that may be done.

    Attributes:
        name: the last part of its address.
        title: on its button; ends with … when a form opens.
        told: what the next page says was done.
        offered: whether it is shown for a case to a person; whether it may be done is checked below all this.
        place: `front`: in the row of buttons; `more`: behind “Việc khác”.
        next: whether it is what comes next in this case: its button is the filled one.
        key: the key that presses it.
        note: said above the form.
    """

    name: str
    title: str
    told: str
    do: Do
    offered: Offered
    right: Right = "cases.work"
    place: Literal["front", "more"] = "more"
    next: Offered = _never
    key: str = ""
    fields: tuple[Field, ...] = ()
    note: str = ""
    danger: bool = False


def _may_become(state: State, *, alone: bool = True) -> Offered:
    """Offered where the state may follow; `alone`: also to those whose words another person approves."""
    return lambda case, by: state in NEXT[case.state] and (alone or not by.reviewed)


def _in(*states: State) -> Offered:
    return lambda case, by: case.state in states


def _held(case: Case, by: Person) -> bool:
    return case.assigned_to is not None


def _day(form: Mapping[str, Any], name: str) -> date:
    given = day_of(field_of(form, name, longest=10))
    if given is None:
        raise Invalid("Anh/chị chọn một ngày.")
    return given


async def _heard(on: Handling, by: Person, code: str, form: Mapping[str, Any], seen: int | None) -> Case:
    case = await on.cases.show(code)
    require(by, "cases.work", case)
    text = text_of(form, "text")
    if not text:
        raise Invalid("Nội dung còn trống; anh/chị ghi người dân nói gì.")
    key = f"heard:{by.id}:{case.id}:{seen}"
    await on.cases.add(code, text, key=key, via="desk", actor=by.name)
    return await on.cases.show(code)


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            "take",
            "Nhận việc",
            "Anh/chị đã nhận phiếu này.",
            lambda on, by, code, form, seen: on.take(by, code, expected=seen),
            lambda case, by: case.assigned_to is None and case.state not in DONE,
            place="front",
            next=lambda case, by: True,
            key="t",
        ),
        Action(
            "accept",
            "Tiếp nhận…",
            "Đã tiếp nhận và báo cho người dân.",
            lambda on, by, code, form, seen: on.accept(by, code, text_of(form, "text"), expected=seen),
            _in(State.received),
            place="front",
            next=_held,
            key="a",
            fields=(
                Field("text", "Lời nhắn tới người dân", "area", required=False, hint="Để trống: gửi lời báo có sẵn."),
            ),
        ),
        Action(
            "begin",
            "Bắt đầu xử lý",
            "Đã chuyển sang đang xử lý.",
            lambda on, by, code, form, seen: on.begin(by, code, expected=seen),
            _in(State.accepted, State.reopened, State.received),
            place="front",
            next=lambda case, by: case.state is not State.received and _held(case, by),
            key="s",
        ),
        Action(
            "resume",
            "Xử lý tiếp",
            "Phiếu và đồng hồ chạy tiếp.",
            lambda on, by, code, form, seen: on.resume(by, code, expected=seen),
            _in(State.paused, State.needs_information),
            place="front",
            next=_in(State.paused),
            key="p",
        ),
        Action(
            "close",
            "Đóng phiếu",
            "Đã đóng phiếu.",
            lambda on, by, code, form, seen: on.close(by, code, expected=seen),
            _may_become(State.closed),
            place="front",
            next=_in(State.answered),
            key="x",
        ),
        Action(
            "reopen",
            "Mở lại…",
            "Đã mở lại phiếu; đồng hồ mới bắt đầu chạy.",
            lambda on, by, code, form, seen: on.reopen(by, code, text_of(form, "reason"), expected=seen),
            _may_become(State.reopened),
            place="front",
            key="o",
            fields=(Field("reason", "Vì sao mở lại", "area"),),
        ),
        Action(
            "assign",
            "Giao cho…",
            "Đã giao phiếu.",
            lambda on, by, code, form, seen: on.assign(by, code, text_of(form, "to") or None, expected=seen),
            lambda case, by: case.state not in DONE and (case.assigned_to == by.id or may(by, "cases.supervise")),
            place="front",
            key="g",
            fields=(Field("to", "Người xử lý", "people", required=False),),
        ),
        Action(
            "pause",
            "Tạm dừng…",
            "Đã tạm dừng; đồng hồ đứng lại.",
            lambda on, by, code, form, seen: on.pause(
                by, code, text_of(form, "reason"), law=text_of(form, "law"), expected=seen
            ),
            _may_become(State.paused),
            key="p",
            note="Đồng hồ đứng lại cho tới khi xử lý tiếp. Người dân được báo lý do.",
            fields=(
                Field("reason", "Vì sao tạm dừng", "area"),
                Field("law", "Căn cứ", required=False, hint="Ví dụ: Điều 11a Luật Khiếu nại"),
            ),
        ),
        Action(
            "move",
            "Chuyển đơn vị khác trong tỉnh…",
            "Đã chuyển phiếu sang đơn vị khác.",
            lambda on, by, code, form, seen: on.move(
                by, code, text_of(form, "unit"), text_of(form, "reason"), expected=seen
            ),
            lambda case, by: case.state not in DONE,
            fields=(Field("unit", "Đơn vị nhận", "units"), Field("reason", "Vì sao chuyển", "area")),
            note="Phiếu rời khỏi danh sách của đơn vị anh/chị. Hạn giữ nguyên.",
        ),
        Action(
            "transfer",
            "Chuyển cơ quan có thẩm quyền…",
            "Đã chuyển và báo cho người dân.",
            lambda on, by, code, form, seen: on.transfer_out(
                by, code, text_of(form, "body"), text_of(form, "reason"), expected=seen
            ),
            _may_become(State.transferred, alone=False),
            fields=(Field("body", "Cơ quan nhận"), Field("reason", "Lý do, gửi cho người dân", "area")),
            note="Khi việc không thuộc thẩm quyền: người dân được báo đã chuyển tới đâu.",
            danger=True,
        ),
        Action(
            "refuse",
            "Không tiếp nhận…",
            "Đã từ chối và báo lý do cho người dân.",
            lambda on, by, code, form, seen: on.refuse(by, code, text_of(form, "reason"), expected=seen),
            _may_become(State.refused, alone=False),
            fields=(Field("reason", "Lý do, gửi cho người dân", "area"),),
            danger=True,
        ),
        Action(
            "legal-clock",
            "Tính thời hạn theo luật…",
            "Đã ghi ngày nhận đơn hợp lệ; thời hạn theo luật bắt đầu chạy.",
            lambda on, by, code, form, seen: on.start_legal_clock(by, code, _day(form, "day"), expected=seen),
            lambda case, by: case.kind is Kind.complaint and case.legal_from is None and case.state not in DONE,
            fields=(Field("day", "Ngày nhận đơn có chữ ký, hoặc ngày đến trình bày", "day"),),
            note="Tin nhắn chưa phải là đơn. Chỉ ghi khi đã nhận đơn hợp lệ theo Luật Khiếu nại.",
        ),
        Action(
            "merge",
            "Gộp vào phiếu khác…",
            "Đã gộp phiếu.",
            lambda on, by, code, form, seen: on.merge(by, code, text_of(form, "into"), expected=seen),
            _may_become(State.merged),
            fields=(Field("into", "Mã phiếu giữ lại", "code"),),
            note="Dùng khi cùng một người gửi hai lần cùng một việc. Không hoàn tác được.",
            danger=True,
        ),
        Action(
            "link",
            "Trả lời chung với phiếu khác…",
            "Đã nối phiếu: câu trả lời của phiếu kia sẽ gửi cho cả phiếu này.",
            lambda on, by, code, form, seen: on.link(by, code, text_of(form, "leader"), expected=seen),
            lambda case, by: case.led_by is None and case.state not in DONE,
            fields=(Field("leader", "Mã phiếu trả lời chung", "code"),),
            note="Dùng khi nhiều người nói về cùng một việc: trả lời một lần, ai cũng nhận được.",
        ),
        Action(
            "unlink",
            "Thôi trả lời chung",
            "Đã tách phiếu; phiếu này được trả lời riêng.",
            lambda on, by, code, form, seen: on.unlink(by, code, expected=seen),
            lambda case, by: case.led_by is not None and case.state not in DONE,
        ),
        Action(
            "heard",
            "Ghi thêm lời người dân…",
            "Đã ghi lời người dân vào phiếu.",
            _heard,
            lambda case, by: case.state not in DONE,
            fields=(Field("text", "Người dân nói thêm gì", "area"),),
            note="Khi người dân gọi lại hoặc đến quầy. Phiếu đang chờ người dân sẽ được xử lý tiếp.",
        ),
        Action(
            "undo",
            "Hoàn tác",
            "Đã hoàn tác bước vừa rồi.",
            lambda on, by, code, form, seen: on.undo(by, code, expected=seen),
            lambda case, by: False,
            key="z",
        ),
    )
}
"""Every action by its name."""
