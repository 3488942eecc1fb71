"""`/to-cao`: the sealed form for denunciations (tố cáo). Nothing of it gets into a log, an address or a cookie."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot import uploads
from bot.http import Refused
from bot.pages._frame import Pages
from bot.pages.track import OLD_FORM
from bot.uploads import Form, FormRefused
from desk import vault
from desk.vault import Identity
from store.errors import MotcuaError

_LONGEST = {
    "subject": 200,
    "office": 300,
    "place": 200,
    "text": 5000,
    "name": 100,
    "address": 300,
    "contact": 100,
}
_REQUIRED = {
    "subject": "Anh/chị viết một câu cho biết việc gì.",
    "office": "Anh/chị cho biết cán bộ hoặc cơ quan nào bị tố cáo.",
    "text": "Anh/chị kể lại việc giúp tôi: ai làm gì, khi nào, vì sao anh/chị biết.",
}
_AGAIN = "Anh/chị chọn lại các tệp; nội dung đã viết vẫn còn."


class Sealed:
    """The form and what answers it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._desk = pages.desk

    def add_routes(self, app: web.Application) -> None:
        """Put the form into the public app."""
        app.router.add_get("/to-cao", self._pages.guarded(self._show))
        app.router.add_post("/to-cao", self._pages.guarded(self._send))

    async def _show(self, _request: web.Request) -> web.StreamResponse:
        return self._form({})

    async def _send(self, request: web.Request) -> web.StreamResponse:
        address = self._pages.admit(request, self._pages.forms)
        files = self._desk.files
        try:
            form = await uploads.read(request, files, most_files=files.settings.per_message, whose=address)
        except FormRefused as error:
            return self._form(error.form.fields, f"{error.message} {_AGAIN}", error.status)
        try:
            return await self._take(form)
        except MotcuaError as error:
            message = f"{error.message} {_AGAIN}" if form.files else error.message
            return self._form(form.fields, message, error.status)

    async def _take(self, form: Form) -> web.StreamResponse:
        nonce = self._pages.passes.form("sealed", form.text("token"))
        if nonce is None:
            raise Refused(403, "old_form", OLD_FORM)
        values = _checked(form)
        checked = [await self._desk.files.check(file, nameless=True) for file in form.files]
        case, pin = await vault.submit(
            self._desk.cases,
            self._desk.seal,
            subject=values["subject"],
            text=values["text"],
            office=values["office"] or None,
            place_text=values["place"] or None,
            identity=Identity(values["name"], values["address"], values["contact"]),
            key=f"sealed:{nonce}",
        )
        not_kept = ""
        try:
            await self._desk.files.add(case.id, checked, author="citizen")
        except MotcuaError as error:
            # The story is in: it must not look as if it were not.
            not_kept = error.message
        address = self._desk.cases.book.settings.public_url.rstrip("/") + "/t"
        return self._pages.page("sealed_done.html", code=case.code, pin=pin, address=address, not_kept=not_kept)

    def _form(self, fields: Mapping[str, str], message: str = "", status: int = 200) -> web.Response:
        settings = self._desk.files.settings
        return self._pages.page(
            "sealed.html",
            status=status,
            message=message,
            kept={name: fields.get(name, "")[:longest] for name, longest in _LONGEST.items()},
            token=self._pages.passes.token("sealed"),
            most_files=settings.per_message,
            max_mb=settings.max_mb,
        )


def _checked(form: Form) -> dict[str, str]:
    values = {name: form.text(name) for name in _LONGEST}
    for name, message in _REQUIRED.items():
        if not values[name]:
            raise Refused(400, "empty", message)
    if any(len(values[name]) > longest for name, longest in _LONGEST.items()):
        raise Refused(413, "too_long", "Có ô viết dài quá mức cho phép. Anh/chị viết ngắn lại giúp tôi.")
    named = any(values[name] for name in ("name", "address", "contact"))
    if named and form.text("agree") != "yes":
        raise Refused(
            400,
            "no_consent",
            "Anh/chị đã điền họ tên, địa chỉ hoặc liên hệ nhưng chưa đánh dấu đồng ý. Đánh dấu ở cuối phần 2, hoặc xóa "
            "các ô đó để gửi ẩn danh.",
        )
    return values
