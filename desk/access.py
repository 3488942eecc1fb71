"""Who may do what: the one place that turns roles into rights, and says which cases a person sees.

A right is asked for by whatever changes or shows something, in the rooms as well as on the pages. An administrator
looks after accounts and settings; that alone opens no case.
"""

from __future__ import annotations

from typing import Literal, Protocol

from sqlalchemy import ColumnElement, and_, false, true

from desk.kinds import Bucket, Kind
from desk.staff import Person, Role
from store.errors import MotcuaError, NotFound
from store.tables import cases

Right = Literal[
    "reader",
    "editor",
    "approver",
    "administrator",
    "cases.read",
    "cases.work",
    "cases.supervise",
    "takeover",
    "vault",
    "reports",
    "desk.settings",
    "accounts",
]

RIGHTS: dict[Right, frozenset[Role]] = {
    # The catalogue, which is public anyhow, with its history.
    "reader": frozenset(Role),
    "editor": frozenset({Role.catalogue_editor, Role.administrator}),
    "approver": frozenset({Role.catalogue_approver, Role.administrator}),
    "administrator": frozenset({Role.administrator}),
    "cases.read": frozenset({Role.officer, Role.supervisor}),
    "cases.work": frozenset({Role.officer, Role.supervisor}),
    # Give work to others, move it between units, approve what others write.
    "cases.supervise": frozenset({Role.supervisor}),
    "takeover": frozenset({Role.officer, Role.supervisor}),
    # Denunciations, and nothing else.
    "vault": frozenset({Role.vault}),
    # Sums only, no case.
    "reports": frozenset({Role.supervisor, Role.administrator}),
    # Standard answers, calendar, hours.
    "desk.settings": frozenset({Role.supervisor, Role.administrator}),
    "accounts": frozenset({Role.administrator}),
}
"""Which roles give a right; one of them is enough."""


class Forbidden(MotcuaError):
    """The person is signed in and may not do this."""

    code = "forbidden"
    status = 403


class CaseNotFound(NotFound):
    """No case has that code, as far as the person who asks may know."""

    code = "case_not_found"


class Belongs(Protocol):
    """What of a case decides who sees it."""

    @property
    def kind(self) -> str:
        """See `desk.kinds.Kind`."""

    @property
    def unit_id(self) -> int | None:
        """The unit that has it."""


def may(person: Person, right: Right) -> bool:
    """Whether a person has a right."""
    return bool(person.roles & RIGHTS[right])


def sees(person: Person, case: Belongs) -> bool:
    """Whether a person may know of a case: denunciations only in the vault, other cases those of one's unit.

    Staff without a unit work for the whole province.
    """
    if case.kind == Kind.denunciation:
        return may(person, "vault")
    if not may(person, "cases.read"):
        return False
    return person.unit_id is None or person.unit_id == case.unit_id


def scope(person: Person) -> ColumnElement[bool]:
    """The cases that a person's lists may hold, as a condition on the table `cases`; never a denunciation."""
    if not may(person, "cases.read"):
        return false()
    return and_(
        cases.c.bucket != Bucket.vault.value,
        true() if person.unit_id is None else cases.c.unit_id == person.unit_id,
    )


def require(person: Person, right: Right, case: Belongs | None = None) -> None:
    """Make sure that a person may do something, with a case where one is given.

    Raises:
        CaseNotFound: the person may not know that the case exists.
        Forbidden: the person has not the right.
    """
    if case is not None and not sees(person, case):
        raise CaseNotFound("Không có phiếu này, hoặc phiếu không thuộc đơn vị của anh/chị.")
    if person.disabled_at is not None or not may(person, right):
        raise Forbidden("Tài khoản của anh/chị không có quyền làm việc này. Hãy nhờ người có quyền.")
