"""Channels and their switches: how each stands, and a form that changes it while the program runs."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from desk import audit, switchboard
from desk.console._access import needs, who
from desk.console._desk_words import CHANNELS
from desk.console._frame import FORM, PARTS, add_to_menu, field_of, go, page
from desk.switchboard import ALL, DEFAULT_BANNER, LONGEST_BANNER, Mode, Switch
from store.engine import Database
from store.errors import Invalid

NAMES = {ALL: "Tất cả các kênh", **CHANNELS, "web": "Trò chuyện trên web"}
MODES: dict[Mode, str] = {"open": "Đang mở", "banner": "Chỉ đọc lời nhắn", "closed": "Đóng"}
MODE_HELP = {
    "open": "Trợ lý trả lời người dân như thường lệ.",
    "banner": "Trợ lý chỉ trả lời bằng lời nhắn dưới đây. Tin của người dân vẫn được giữ lại.",
    "closed": "Không nhận gì và không gửi gì. Tin chờ gửi nằm lại cho đến khi mở; trang web hiện lời nhắn dưới đây.",
}
# Longer than any form: what is too long for a banner is refused, not left out.
_FAR = 2_000_000
_SURE = "Đóng thì người dân không nhận được tin nào nữa. Anh/chị đánh dấu xác nhận rồi bấm lại."


@dataclass(frozen=True)
class Shown:
    """A switch with what the page needs besides.

    Attributes:
        before: how it was before the last change; None: nobody has changed it.
        chosen: what the form offers.
        open: whether the form is shown at once, because it came back.
    """

    switch: Switch
    before: Switch | None
    chosen: Switch
    open: bool


def add_routes(app: web.Application) -> None:
    """The switches and their form."""
    add_to_menu(app, "Kênh và công tắc", "/channels", "administrator")
    app.router.add_get("/channels", show)
    app.router.add_post("/channels/{channel}", change)


@needs("administrator")
async def show(request: web.Request) -> web.StreamResponse:
    """Every switch."""
    return await _page(request)


@needs("administrator")
async def change(request: web.Request) -> web.StreamResponse:
    """Switch a channel, or all; closing asks to be sure. What cannot be used comes back with what was written."""
    form, channel = request[FORM], request.match_info["channel"]
    mode, banner = field_of(form, "mode", longest=20), field_of(form, "banner", longest=_FAR)
    try:
        if mode == "closed" and "sure" not in form:
            raise Invalid(_SURE)
        await switchboard.flip(request.app[PARTS].db, channel, mode, banner=banner, actor=who(request).name)
    except Invalid as error:
        return await _page(request, (channel, mode, banner), error)
    said = next(words for known, words in MODES.items() if known == mode).lower()
    raise go(request, "/channels", f"{NAMES[channel]}: {said}. Chương trình làm theo trong vòng một giây.")


async def _page(
    request: web.Request, sent: tuple[str, str, str] = ("", "", ""), error: Invalid | None = None
) -> web.StreamResponse:
    db = request.app[PARTS].db
    channel, mode, banner = sent
    switches = []
    for each in await switchboard.states(db):
        back = each.channel == channel
        # What came back may name no mode there is.
        chosen = Switch(each.channel, _known(mode) or each.mode, banner) if back else each
        switches.append(Shown(each, await _before(db, each), chosen, back))
    return page(
        request,
        "channels.html",
        status=error.status if error else 200,
        title="Kênh và công tắc",
        message=error.message if error else "",
        switches=switches,
        names=NAMES,
        modes=MODES,
        mode_help=MODE_HELP,
        default=DEFAULT_BANNER,
        longest=LONGEST_BANNER,
    )


def _known(mode: object) -> Mode | None:
    return next((each for each in MODES if each == mode), None)


async def _before(db: Database, switch: Switch) -> Switch | None:
    """How a switch was before its last change, as the log says."""
    entries = await audit.of(db, f"channel:{switch.channel}", limit=2)
    if switch.changed_at is None or not entries:
        return None
    banner = entries[-2].data["banner"] if len(entries) > 1 else None
    return Switch(switch.channel, _known(entries[-1].data["before"]) or "open", banner)
