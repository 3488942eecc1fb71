"""What the steps of staff share: who may, in which case, and how a step is carried out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from desk import access
from desk._case_rows import Case, not_found
from desk._changes import Book, Change, Check
from desk.access import Right
from desk.cases import Cases
from desk.kinds import Kind
from desk.post import Post
from desk.settings import DeskSettings
from desk.staff import Person
from store.engine import Database
from store.errors import Conflict, Invalid

LONGEST_REASON = 2_000


class Desk:
    """The desk's side of the cases.

    Args:
        database: where the cases are kept.
        cases: the citizens' side.
        post: the way to conversations; without it, that of `cases`.
        settings: of the desk; without them, those of `cases`.
    """

    def __init__(
        self, database: Database, *, cases: Cases, post: Post | None = None, settings: DeskSettings | None = None
    ) -> None:
        self.cases = cases
        self.book = Book(database, settings or cases.book.settings, post or cases.book.post)

    @asynccontextmanager
    async def change(
        self, by: Person, code: str, action: str, *, right: Right = "cases.work", expected: int | None = None
    ) -> AsyncIterator[Change]:
        """Change a case in the name of a person inside the block."""
        check = allowed(by, right, code)
        async with self.book.change(code, actor=by.name, action=action, check=check, expected=expected) as change:
            yield change


def allowed(by: Person, right: Right, code: str) -> Check:
    """Makes sure that a person may do something with a case; what they must not know of is as if it did not exist."""

    def check(case: Case) -> None:
        if not access.sees(by, case):
            raise not_found(code)
        access.require(by, right_for(case, right), case)

    return check


def right_for(case: Case, right: Right) -> Right:
    """The right that a step needs: for denunciations always the vault's."""
    return "vault" if case.kind is Kind.denunciation else right


def reason_of(text: str) -> str:
    """A reason that a person gives.

    Raises:
        Invalid: it is empty or too long.
    """
    clean = text.strip()
    if not clean:
        raise Invalid("Anh/chị ghi lý do: người dân và người xem nhật ký cần biết vì sao.")
    if len(clean) > LONGEST_REASON:
        raise Invalid(f"Lý do dài quá {LONGEST_REASON:,} ký tự; vui lòng viết ngắn lại.")
    return clean


def not_alone(by: Person) -> None:
    """Make sure that a person may tell a citizen something final without another who approves it.

    Raises:
        Conflict: what they write has to be approved.
    """
    if by.reviewed:
        raise Conflict("Bước này cần người có kinh nghiệm làm; anh/chị nhờ phụ trách bộ phận thực hiện giúp.")
