"""Fields of forms about cases that several pages read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from desk.console._frame import PARTS, field_of
from store.errors import Invalid, NotFound


def text_of(form: Mapping[str, Any], name: str) -> str:
    """A text of a form.

    Raises:
        Invalid: it is too long to be meant.
    """
    given = form.get(name, "")
    if isinstance(given, str) and len(given) > 10_000:
        raise Invalid("Nội dung dài quá; anh/chị viết ngắn lại.")
    return field_of(form, name, longest=10_000)


async def procedure_of(request: web.Request, form: Mapping[str, Any], *, before: str | None = None) -> str:
    """The code of a procedure in a form; empty when none is given.

    Args:
        before: what the case says already; it may stay, also when the catalogue has dropped it since.

    Raises:
        Invalid: the live catalogue holds no such procedure.
        Unavailable: nothing is live.
    """
    code = field_of(form, "procedure_code", longest=40)
    if code and code != before:
        try:
            await request.app[PARTS].catalogue.show(code)
        except NotFound:
            raise Invalid(f"Danh mục không có thủ tục mang mã {code}; tìm mã ở trang Thủ tục.") from None
    return code
