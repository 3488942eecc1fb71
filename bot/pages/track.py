"""`/t`: a case on a page of its own, opened by its code and PIN."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot import uploads
from bot.http import Refused
from bot.pages import _case_view
from bot.pages._frame import Pages, when
from bot.uploads import Form, FormRefused
from desk import attachments
from desk.cases import ALPHABET, CODE, Case, CaseNotFound, TooManyPins, WrongPin
from store.errors import MotcuaError, NotFound
from store.tables import now

COOKIE = "motcua_case"
_BARE = re.compile(rf"[{ALPHABET}]{{6}}", re.IGNORECASE)
_LONGEST = 5000
# What people write on these pages, and must not have to write again.
_WRITTEN = ("text", "comment")
# A code that does not exist is answered no faster than a wrong PIN, and in the same words.
_ANSWER_S = 0.25
WRONG = (
    "Mã phiếu hoặc PIN chưa đúng, hoặc phiếu này đang tạm khóa vì nhập sai nhiều lần. Anh/chị xem lại tin nhắn nhận "
    "phiếu; nếu chắc là đúng thì thử lại sau một giờ."
)
OLD_FORM = "Trang mở đã lâu nên tôi chưa gửi. Nội dung anh/chị viết vẫn còn đây, bấm gửi lần nữa giúp tôi."
CLOSED = "Trang đã tự đóng để giữ kín. Nhập lại PIN, điều anh/chị vừa viết vẫn còn; tệp thì chọn lại giúp tôi."
TOLD = {
    "added": "Đã gửi cho cán bộ.",
    "rated": "Đã ghi đánh giá. Cảm ơn anh/chị.",
    "settled": "Cảm ơn anh/chị. Phiếu đã đóng.",
    "reopened": "Phiếu đã mở lại. Cán bộ sẽ xem tiếp.",
}
Work = Callable[[Case, Form, str], Awaitable[str]]


class Track:
    """The pages about one case."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._desk = pages.desk

    def add_routes(self, app: web.Application) -> None:
        """Put the pages into the public app."""
        guarded = self._pages.guarded
        code = "{code:[A-Za-z0-9 -]{1,20}}"
        app.router.add_get("/t", guarded(self._ask))
        app.router.add_post("/t", guarded(self._sign_in))
        app.router.add_post("/t/out", guarded(self._out))
        app.router.add_get(f"/t/{code}", guarded(self._show))
        app.router.add_post(f"/t/{code}/add", guarded(self._posted(self._add)))
        app.router.add_post(f"/t/{code}/rate", guarded(self._posted(self._rate)))
        app.router.add_post(f"/t/{code}/solved", guarded(self._posted(self._solved)))
        app.router.add_post(f"/t/{code}/reopen", guarded(self._posted(self._reopen)))
        app.router.add_get(f"/t/{code}/files/{{id:[0-9]{{1,15}}}}", guarded(self._file))

    # ---- in and out -----------------------------------------------------------------------------------------------

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        return self._form(code=_code(request.query.get("code", "")))

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        address = self._pages.admit(request, self._pages.pins)
        started = time.monotonic()
        form = await uploads.read(request, whose=address)
        code = _code(form.text("code", 40))
        kept = {name: value for name in _WRITTEN if (value := form.fields.get(f"kept_{name}", "")[:_LONGEST])}
        if self._pages.passes.form("sign-in", form.text("token")) is None:
            return self._form(code=code, message=OLD_FORM, kept=kept, status=403)
        try:
            case = await self._desk.cases.follow(code, pin=re.sub(r"\D", "", form.text("pin", 40)), citizen_id=None)
        except (CaseNotFound, WrongPin, TooManyPins):
            await asyncio.sleep(max(0.0, started + _ANSWER_S - time.monotonic()))
            return self._form(code=code, message=WRONG, kept=kept, status=403)
        response: web.Response
        if kept:
            response = await self._page(case, kept=kept)
        else:
            response = web.Response(status=303, headers={"Location": f"/t/{case.code}", "Cache-Control": "no-store"})
        self._open(response, case)
        return response

    async def _out(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(status=303, headers={"Location": "/t", "Cache-Control": "no-store"})
        response.del_cookie(COOKIE, path="/t")
        return response

    # ---- the case -------------------------------------------------------------------------------------------------

    async def _show(self, request: web.Request) -> web.StreamResponse:
        code = _code(request.match_info["code"])
        case = await self._opened(request, code)
        if case is None:
            return self._form(code=code)
        response = await self._page(case, told=TOLD.get(request.query.get("done", ""), ""))
        # Who reads goes on reading; the time runs from the last look.
        self._open(response, case)
        return response

    def _posted(self, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A handler for a form of the case's page: what was written is never lost, whatever is wrong with it."""

        async def handle(request: web.Request) -> web.StreamResponse:
            address = self._pages.admit(request, self._pages.forms)
            code = _code(request.match_info["code"])
            broken: FormRefused | None = None
            try:
                files = self._desk.files
                form = await uploads.read(request, files, most_files=files.settings.per_message, whose=address)
            except FormRefused as error:
                form, broken = error.form, error
            kept = {name: form.fields.get(name, "")[:_LONGEST] for name in _WRITTEN}
            case = await self._opened(request, code)
            if case is None:
                return self._form(code=code, message=CLOSED, kept={k: v for k, v in kept.items() if v}, status=403)
            try:
                if broken is not None:
                    raise broken
                nonce = self._pages.passes.form(f"case:{case.code}", form.text("token"))
                if nonce is None:
                    raise Refused(403, "old_form", OLD_FORM)
                done = await work(case, form, f"page:{case.id}:{nonce}")
            except MotcuaError as error:
                return await self._page(case, message=error.message, kept=kept, status=error.status)
            return web.Response(
                status=303, headers={"Location": f"/t/{case.code}?done={done}", "Cache-Control": "no-store"}
            )

        return handle

    async def _add(self, case: Case, form: Form, key: str) -> str:
        text = _required_unless(form.text("text"), bool(form.files))
        checked = [await self._desk.files.check(file, nameless=case.secret) for file in form.files]
        # With the moment: the same words twice would count as said already.
        text = text or f"Gửi thêm {len(checked)} tệp, lúc {when(now())}."
        number = await self._desk.cases.add(case.code, text, key=key, via="page")
        # What is added to a merged case lies in the other one, which may be somebody else's.
        message = None if case.merged_into is not None else number
        await self._desk.files.add(case.id, checked, author="citizen", message_id=message)
        return "added"

    async def _rate(self, case: Case, form: Form, key: str) -> str:
        stars = form.text("stars", 1)
        comment = _short(form.text("comment"), 2000)
        await self._desk.cases.rate(case.code, int(stars) if stars in set("12345") else 0, comment, key=key)
        return "rated"

    async def _solved(self, case: Case, form: Form, key: str) -> str:
        if form.text("solved", 3) != "yes":
            raise Refused(400, "bad_answer", "Anh/chị bấm “Đã giải quyết”, hoặc viết rõ chỗ chưa xong ở cuối trang.")
        await self._desk.cases.solved(case.code, True, key=key)
        return "settled"

    async def _reopen(self, case: Case, form: Form, key: str) -> str:
        text = _required_unless(form.text("text"), False)
        checked = [await self._desk.files.check(file, nameless=case.secret) for file in form.files]
        if case.solved is None and case.state == "answered":
            await self._desk.cases.solved(case.code, False, key=f"{key}:no")
            await self._desk.cases.add(case.code, text, key=key, via="page")
        else:
            await self._desk.cases.reopen(case.code, text, key=key)
        await self._desk.files.add(case.id, checked, author="citizen")
        return "reopened"

    async def _file(self, request: web.Request) -> web.StreamResponse:
        case = await self._opened(request, _code(request.match_info["code"]))
        if case is None:
            return self._form(code=_code(request.match_info["code"]))
        file = await attachments.find(self._desk.database, int(request.match_info["id"]))
        said = await self._desk.cases.messages_for_citizen(case)
        if file is None or file.case_id != case.id or not _case_view.visible(file, said):
            raise NotFound("Phiếu này không có tệp như vậy.")
        file, content = await self._desk.files.open_(file.id)
        return download(file.name, file.media_type, content)

    # ---- what they are made with ----------------------------------------------------------------------------------

    async def _opened(self, request: web.Request, code: str) -> Case | None:
        """The case, when the cookie opens this one."""
        held = self._pages.passes.opened(request.cookies.get(COOKIE))
        if held is None or held != code:
            return None
        return await self._desk.cases.show(code, vault=True)

    def _open(self, response: web.Response, case: Case) -> None:
        response.set_cookie(
            COOKIE,
            self._pages.passes.cookie(case.code),
            max_age=self._pages.passes.seconds,
            path="/t",
            httponly=True,
            samesite="Strict",
            secure=self._pages.settings.https,
        )

    def _form(
        self, *, code: str, message: str = "", kept: dict[str, str] | None = None, status: int = 200
    ) -> web.Response:
        return self._pages.page(
            "sign_in.html",
            status=status,
            code=code,
            message=message,
            kept=kept or {},
            token=self._pages.passes.token("sign-in"),
        )

    async def _page(
        self, case: Case, *, message: str = "", told: str = "", kept: dict[str, str] | None = None, status: int = 200
    ) -> web.Response:
        written = {"text": "", "comment": "", **(kept or {})}
        more: dict[str, Any] = await _case_view.of(self._desk, case)
        return self._pages.page(
            "case.html",
            status=status,
            message=message,
            told=told,
            kept=written,
            kept_stars=case.rating or 0,
            rate_again=bool(written["comment"]),
            token=self._pages.passes.token(f"case:{case.code}"),
            **more,
        )


def download(name: str, media_type: str, content: bytes) -> web.Response:
    """A file as something to keep, never as something that runs in our pages."""
    response = web.Response(body=content, content_type=media_type)
    response.headers.update(
        {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
    )
    return response


def _code(text: str) -> str:
    """A code as it is stored, from whatever was typed; what is none stays as it is, shortened."""
    typed = text.strip()
    match = CODE.search(typed)
    if match is not None:
        return f"MC-{match.group(1).upper()}"
    return f"MC-{typed.upper()}" if _BARE.fullmatch(typed) else typed[:20]


def _required_unless(text: str, other: bool) -> str:
    if not text and not other:
        raise Refused(400, "empty", "Anh/chị viết vài lời, hoặc chọn ảnh rồi gửi giúp tôi.")
    return _short(text, _LONGEST)


def _short(text: str, longest: int) -> str:
    if len(text) > longest:
        raise Refused(413, "too_long", f"Nội dung dài quá {longest} ký tự; anh/chị viết ngắn lại giúp tôi.")
    return text
