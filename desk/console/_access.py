"""What the caller of a page needs: each handler carries the right it asks for (`desk.access`).

The guard refuses every handler that carries no mark of this module, so a forgotten one is shut and not open.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from desk.access import Forbidden as Forbidden
from desk.access import Right as Right
from desk.access import may as may
from desk.staff import Person, Role

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Handler)

ROLE_NAMES = {
    Role.catalogue_editor: "biên tập danh mục",
    Role.catalogue_approver: "duyệt danh mục",
    Role.administrator: "quản trị",
    Role.officer: "cán bộ xử lý",
    Role.supervisor: "phụ trách",
    Role.vault: "hồ sơ tố cáo",
}
PERSON = web.RequestKey("person", Person)


def needs(right: Right, *, file: bool = False) -> Callable[[H], H]:
    """Mark a handler with the right that its caller needs.

    Args:
        right: see `desk.access.RIGHTS`.
        file: the handler takes an uploaded file and reads it with `desk.console._uploads.receive`, which checks the
            form's token; every other handler gets forms without files only.
    """

    def mark(handler: H) -> H:
        handler.right = right  # type: ignore[attr-defined]
        handler.file = file  # type: ignore[attr-defined]
        return handler

    return mark


def anyone(handler: H) -> H:
    """Mark a handler that needs nobody signed in."""
    handler.right = None  # type: ignore[attr-defined]
    return handler


def who(request: web.Request) -> Person:
    """The person who is signed in."""
    return request[PERSON]
