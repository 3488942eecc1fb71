"""The page of one case: what was said, what is known, what is due when and why, what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from desk import access, canned, presence, units
from desk.cases import Case, CaseNotFound
from desk.console._access import needs, who
from desk.console._case_view import Line, entries_of, facts_of, thread_of, way_of
from desk.console._desk_words import LOG
from desk.console._frame import PARTS, page, url
from desk.console._lists import today
from desk.console.case_actions import ACTIONS
from desk.console.queue import colleagues, place_of
from desk.dossier import Dossier, dossier
from desk.kinds import DONE, NEXT, State
from store.errors import Conflict, MotcuaError
from store.tables import now

_MODES = (("reply", "Nhắn thêm", "r"), ("answer", "Trả lời, hoàn thành", "e"), ("ask", "Hỏi thêm", "h"),
          ("note", "Ghi chú nội bộ", "c"))  # fmt: skip
_SHORTCUTS = (
    ("r", "nhắn người dân"),
    ("e", "trả lời và hoàn thành"),
    ("h", "hỏi người dân thêm"),
    ("c", "ghi chú nội bộ"),
    ("m", "câu trả lời mẫu"),
    ("Ctrl Enter", "gửi"),
    ("t", "nhận việc"),
    ("a / s / p", "tiếp nhận / bắt đầu xử lý / tạm dừng hoặc xử lý tiếp"),
    ("g", "giao người khác"),
    ("l", "trò chuyện trực tiếp với người dân"),
    (".", "việc khác"),
    ("i", "sửa thông tin"),
    ("x / o", "đóng / mở lại phiếu"),
    ("z", "hoàn tác"),
    ("b", "về danh sách"),
    ("Esc", "thôi viết, đóng bảng đang mở"),
    ("?", "bảng phím tắt này"),
)


@dataclass(frozen=True)
class Given:
    """What was written into a form that could not be carried out.

    Attributes:
        name: of the form.
        values: its fields.
    """

    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def of(self, form: str, name: str, otherwise: object = "") -> str:
        """What a field of a form shows: what was written there, `otherwise` in every other form."""
        value = self.values.get(name, "") if self.name == form else otherwise
        return str(value or "")


def add_routes(app: web.Application) -> None:
    """The page and its version for paper."""
    app.router.add_get("/cases/{code}", show)
    app.router.add_get("/cases/{code}/print", on_paper)


@needs("cases.read")
async def show(request: web.Request) -> web.StreamResponse:
    """The page of a case; it counts as open from now on."""
    return await respond(request)


@needs("cases.read")
async def on_paper(request: web.Request) -> web.StreamResponse:
    """The case for a file on paper."""
    found = await _dossier(request)
    return page(
        request,
        "case_print.html",
        title=f"Phiếu {found.case.code}",
        **(await facts_of(request, found)),
        thread=thread_of(found, who(request)),
        entries=entries_of(found),
        printed=now(),
    )


async def seen(request: web.Request) -> Case:
    """The case of the address, when the person may know of it.

    Raises:
        CaseNotFound: there is none, or it is none for this person.
    """
    by, code = who(request), request.match_info["code"]
    case = await request.app[PARTS].cases.show(code)
    if not access.sees(by, case):
        raise CaseNotFound(f"Không có phiếu nào mang mã {code[:40]}.")
    return case


async def has_followers(request: web.Request, code: str) -> bool:
    """Whether other cases get the same answer as this one."""
    return bool((await _dossier(request)).linked)


async def respond(
    request: web.Request, *, error: MotcuaError | None = None, given: Given | None = None
) -> web.StreamResponse:
    """The page of a case; with an error, above everything and with what was written in its form."""
    parts, by = request.app[PARTS], who(request)
    found = await _dossier(request)
    case = found.case
    await presence.here(parts.db, case.id, by.id)
    given = given or Given()
    working = access.may(by, "cases.work") and case.purged_at is None
    facts = await facts_of(request, found)
    standard = await canned.list_(parts.db, unit_id=by.unit_id, kind=case.kind) if working else ()
    filled = [(one, canned.fill(one.text, facts["placeholders"])) for one in standard]
    if request.query.get("act") in ACTIONS and not given.name:
        given = Given(request.query["act"], {"into": request.query.get("with", "")})
    return page(
        request,
        "case.html",
        status=error.status if error else 200,
        title=f"{case.code} {case.subject}",
        **facts,
        message=_sentence(error, given, case),
        given=given,
        draft=_draft(request, given, found, filled),
        working=working and case.state is not State.merged,
        late=working and case.due_at is not None and case.due_at < now() and case.state not in DONE,
        extendable=any(clock.may_extend for clock in found.clocks),
        actions=[one for one in ACTIONS.values() if access.may(by, one.right) and one.offered(case, by)],
        options={
            "people": await colleagues(request),
            "units": await units.list_(parts.db),
            "today": today(),
            "more": {one.name: True for one in ACTIONS.values() if one.place == "more"},
        },
        modes=_modes(case) if working else (),
        canned=filled,
        way=way_of(found, facts["channel"], parts.cases.book.settings.delivery),
        thread=thread_of(found, by),
        turns=[Line.of_turn(one) for one in found.turns],
        entries=entries_of(found),
        undo=LOG.get(found.undoable or "", found.undoable),
        others=found.present,
        similar=found.similar,
        can_link=case.led_by is None and case.state not in DONE,
        can_merge=State.merged in NEXT[case.state],
        places=parts.gazetteer.communes(),
        place_of=place_of(request),
        shortcuts=_SHORTCUTS,
        back=url("/cases"),
    )


async def _dossier(request: web.Request) -> Dossier:
    parts = request.app[PARTS]
    settings = parts.cases.book.settings
    return await dossier(parts.db, request.match_info["code"], who(request), seal=parts.seal, settings=settings)


def _sentence(error: MotcuaError | None, given: Given, case: Case) -> str:
    if error is None:
        return ""
    seen = given.values.get("version")
    if isinstance(error, Conflict) and seen is not None and str(seen) != str(case.version):
        return (
            "Phiếu vừa có thay đổi trong lúc anh/chị làm. Trang này đã là bản mới nhất: anh/chị xem lại rồi gửi. "
            "Nội dung anh/chị viết vẫn còn bên dưới."
        )
    return error.message


def _modes(case: Case) -> tuple[tuple[str, str, str], ...]:
    """What may be written: to a finished case notes only."""
    if case.state in DONE:
        return tuple(one for one in _MODES if one[0] == "note")
    wanted = {"reply", "note", "answer", "ask"}
    if State.answered not in NEXT[case.state]:
        wanted.discard("answer")
    if State.needs_information not in NEXT[case.state]:
        wanted.discard("ask")
    return tuple(one for one in _MODES if one[0] in wanted)


def _draft(
    request: web.Request, given: Given, found: Dossier, standard: list[tuple[canned.Canned, str]]
) -> dict[str, Any]:
    """What stands in the box for writing: what could not be sent, a standard answer, a reply to be written anew."""
    modes = [name for name, _, _ in _modes(found.case)]
    first = modes[0] if modes else ""
    if given.name == "say":
        mode = given.values.get("mode", first)
        return {"mode": mode if mode in modes else first, "text": given.values.get("text", ""), "canned": False}
    wanted = request.query.get("canned", "")
    text = next((filled for one, filled in standard if str(one.id) == wanted), "")
    again = request.query.get("again", "")
    if again:
        text = next((one.text for one in found.messages if str(one.id) == again and one.state == "refused"), text)
    return {"mode": first, "text": text, "canned": False}
