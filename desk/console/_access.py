"""Who may do what: the one place that turns roles into rights.

The guard refuses every handler that carries no mark of this module, so a forgotten one is shut and not open.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from aiohttp import web

from desk.staff import Person, Role
from store.errors import MotcuaError

Right = Literal["reader", "editor", "approver", "administrator"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Handler)

RIGHTS: dict[Right, frozenset[Role]] = {
    "reader": frozenset(Role),
    "editor": frozenset({Role.catalogue_editor, Role.administrator}),
    "approver": frozenset({Role.catalogue_approver, Role.administrator}),
    "administrator": frozenset({Role.administrator}),
}
ROLE_NAMES = {
    Role.catalogue_editor: "biên tập danh mục",
    Role.catalogue_approver: "duyệt danh mục",
    Role.administrator: "quản trị",
}
PERSON = web.RequestKey("person", Person)


class Forbidden(MotcuaError):
    """The person is signed in and may not do this."""

    code = "forbidden"
    status = 403


def needs(right: Right, *, file: bool = False) -> Callable[[H], H]:
    """Mark a handler with the right that its caller needs.

    Args:
        right: see `RIGHTS`.
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


def may(person: Person, right: Right) -> bool:
    """Whether a person has a right."""
    return bool(person.roles & RIGHTS[right])


def who(request: web.Request) -> Person:
    """The person who is signed in."""
    return request[PERSON]
