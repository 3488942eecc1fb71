"""Messages that did not arrive: the list, sending one again, letting one rest."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from desk import letters
from desk.causes import Cause
from desk.console._access import needs, who
from desk.console._desk_words import CHANNELS
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page, url
from desk.letters import Kind
from store.errors import Conflict, Invalid, MotcuaError, NotFound

KINDS: dict[Kind, str] = {
    "dead": "không gửi được",
    "unknown": "không rõ đã tới chưa",
    "unanswered": "tin của người dân bị lỗi",
}
CAUSES = {
    Cause.blocked: "Người dân đã chặn hoặc không nhận tin của tài khoản này",
    Cause.window: "Ngoài thời gian mà nền tảng cho gửi tin: người dân đã lâu không nhắn",
    Cause.unpaid: "Gửi lúc này phải trả phí, mà cài đặt không cho trả",
    Cause.limited: "Nền tảng tạm không nhận thêm tin vì đã gửi quá nhiều",
    Cause.refused: "Nền tảng từ chối tin này",
    Cause.access: "Tài khoản, mã truy cập hoặc gói dịch vụ cần được sửa: anh/chị xem trang Kênh và công tắc",
    Cause.unreachable: "Không kết nối được với nền tảng",
    Cause.fault: "Nền tảng báo lỗi ở phía họ",
    Cause.no_answer: "Tin đã đi mà không có hồi âm",
    Cause.ended: "Chương trình tắt khi đang gửi",
    Cause.file: "Không lấy được tệp",
    Cause.flood: "Cuộc trò chuyện gửi quá nhiều tin một lúc",
    Cause.unreadable: "Nội dung không đúng dạng của nền tảng nên không đọc được",
    Cause.dialogue: "Trợ lý không xử lý được tin này",
}
_SENDERS = {"bot": "trợ lý", "staff": "cán bộ", "notice": "thông báo", "citizen": "người dân"}
_PAGE = 30


def add_routes(app: web.Application) -> None:
    """The list and its two changes."""
    add_to_menu(app, "Tin chưa gửi được", "/letters", "administrator")
    app.router.add_get("/letters", show)
    app.router.add_post("/letters/{key}/again", again)
    app.router.add_post("/letters/{key}/drop", drop)


@needs("administrator")
async def show(request: web.Request) -> web.StreamResponse:
    """What nobody has sent again or let rest."""
    return await _page(request, request.query)


@needs("administrator")
async def again(request: web.Request) -> web.StreamResponse:
    """Have one tried once more; one that may have arrived asks to be sure."""
    form, key = request[FORM], request.match_info["key"]
    try:
        was = await letters.again(request.app[PARTS].db, key, sure="sure" in form, actor=who(request).name)
    except (Invalid, Conflict, NotFound) as error:
        return await _page(request, form, error)
    told = "Sẽ trả lời lại tin này." if was.kind == "unanswered" else "Sẽ gửi lại tin này."
    raise go(request, _back(form), f"{told} Nếu vẫn không được, tin sẽ hiện lại ở đây.")


@needs("administrator")
async def drop(request: web.Request) -> web.StreamResponse:
    """Let one rest."""
    form = request[FORM]
    try:
        await letters.drop(request.app[PARTS].db, request.match_info["key"], actor=who(request).name)
    except (Invalid, Conflict, NotFound) as error:
        return await _page(request, form, error)
    raise go(request, _back(form), "Đã cho tin này nghỉ; tin không hiện ở đây nữa.")


async def _page(request: web.Request, asked: Any, error: MotcuaError | None = None) -> web.StreamResponse:
    kind, channel = _filters(asked)
    # After a form the list begins anew.
    before = request.query.get("before") or None
    found = await letters.list_(
        request.app[PARTS].db, kind=kind or None, channel=channel or None, before=before, limit=_PAGE
    )
    return page(
        request,
        "letters.html",
        status=error.status if error else 200,
        title="Tin chưa gửi được",
        message=error.message if error else "",
        letters=found.letters,
        more=found.more,
        first=before is None,
        kind=kind,
        channel=channel,
        kinds=KINDS,
        channels=CHANNELS,
        senders=_SENDERS,
        causes=CAUSES,
    )


def _filters(asked: Any) -> tuple[str, str]:
    """Kind and channel of an address or a form, as far as there are such."""
    kind, channel = field_of(asked, "kind", longest=20), field_of(asked, "channel", longest=20)
    return kind if kind in KINDS else "", channel if channel in CHANNELS else ""


def _back(form: Any) -> str:
    kind, channel = _filters(form)
    return url("/letters", kind=kind, channel=channel)
