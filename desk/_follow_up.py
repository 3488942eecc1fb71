"""What a citizen does with a case that is open already: add, rate, say whether it is settled, open it again.

Whoever calls these has made sure by `Cases.follow` that the citizen may.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import audit, case_clocks, texts
from desk._case_rows import LONGEST_TEXT, Case, by_code, code_of, not_found
from desk._changes import Book, Change
from desk.kinds import DONE, State
from store.errors import Conflict, Invalid
from store.tables import case_messages, cases

_HELD = (State.answered, State.closed)


class _There(Exception):
    """A message has been kept already."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class FollowUp:
    """The citizen's later steps.

    Args:
        book: where cases are changed.
    """

    def __init__(self, book: Book) -> None:
        self.book = book

    def link(self, case: Case) -> str:
        """Address of the page on which a citizen follows a case."""
        return self.book.link(case)

    async def add(
        self, code: str, text: str, *, key: str, via: Literal["chat", "page", "desk"] = "chat", actor: str = "citizen"
    ) -> int | None:
        """Add to a case what the citizen says later; the same key again changes nothing.

        A case that waited for it goes back to the state it came from. What is added to a case that was merged goes to
        the case that it was merged into.

        Args:
            code: of the case.
            text: what they say, at most 5,000 characters of it; left out where the case says it already.
            key: idempotency key, for a chat message its conversation and message number.
            via: how it came.
            actor: who wrote it down, for the log.

        Returns:
            The number of the message, None when it says nothing new.

        Raises:
            CaseNotFound: there is no such case.
            Conflict: the case is finished; it has to be reopened first.
        """
        text = text.strip()[:LONGEST_TEXT]
        async with self.book.database.connect() as connection:
            known = await _message(connection, key)
            if known is not None:
                return known
            own, code = code_of(code), await _leading(connection, code)
            if not text or await _says(connection, code, text):
                return None
        try:
            # The leading case may be another person's, who must not read this on the page of theirs.
            return await self._add(code, own or code, text, key=key, via=via, actor=actor)
        except _There as there:
            return there.number

    async def _add(self, code: str, own: str, text: str, *, key: str, via: str, actor: str) -> int:
        async with self.book.change(code, actor=actor, action="added", check=anybody) as change:
            known = await _message(change.connection, key)
            if known is not None:
                # The same message at the same moment: nothing of this change stays.
                raise _There(known)
            if change.before.state in DONE:
                raise Conflict(
                    f"Phiếu {own} đã xong. Nếu việc chưa được giải quyết, anh/chị nhắn “mở lại {own}: …” "
                    "và nói rõ thêm."
                )
            change.data["via"] = via
            number = await change.message(text, author="citizen", purpose="word", public=code == own, key=key)
            if change.before.state is State.needs_information:
                change.go(await change.came_from(State.needs_information))
                await change.flush()
                await case_clocks.resume(change.connection, change.before.id, change.at)
        return number

    async def rate(self, code: str, stars: int, comment: str = "", *, key: str) -> Case:
        """Rate the answer to a case; rating again replaces it.

        Args:
            stars: 1 to 5.
            comment: may be empty; then an earlier one stays.
            key: idempotency key.

        Raises:
            CaseNotFound: there is no such case.
            Conflict: it is not answered yet.
            Invalid: the stars are not 1 to 5.
        """
        if isinstance(stars, bool) or not 1 <= stars <= 5:
            raise Invalid("Anh/chị chấm từ 1 đến 5 sao giúp tôi.")
        async with self.book.database.connect() as connection:
            row = await by_code(connection, code)
        if row is not None and row["rating"] == stars and comment.strip() in ("", row["rating_comment"]):
            return Case.of(row)
        async with self.book.change(code, actor="citizen", action="rated", check=_answered) as change:
            before = change.before.rating
            change.data.update({"stars": stars, "key": audit.digest_of(key)})
            change.set(rating=stars, rated_at=change.at)
            if comment.strip():
                _comment(change, comment)
            if before is None:
                change.tally("ratings")
            change.tally("rating_sum", stars - (before or 0))
        return change.case

    async def comment(self, code: str, text: str, *, key: str) -> Case:
        """Keep what the citizen says about the answer, beside the stars.

        Raises:
            CaseNotFound: there is no such case.
            Conflict: it is not answered yet.
            Invalid: the text is empty.
        """
        if not text.strip():
            raise Invalid("Anh/chị ghi giúp vài lời nhận xét.")
        async with self.book.change(code, actor="citizen", action="commented", check=_answered) as change:
            change.data["key"] = audit.digest_of(key)
            _comment(change, text)
        return change.case

    async def solved(self, code: str, yes: bool, *, key: str) -> Case:
        """Keep whether the matter is settled by the citizen's word: yes closes an answered case, no reopens it.

        Raises:
            CaseNotFound: there is no such case.
            Conflict: it is not answered yet.
        """
        if not yes:
            return await self._reopen(code, "", key=key, solved=False)
        async with self.book.database.connect() as connection:
            row = await by_code(connection, code)
        if row is not None and row["solved"] and row["state"] == State.closed:
            return Case.of(row)
        async with self.book.change(code, actor="citizen", action="settled", check=_answered) as change:
            change.data["key"] = audit.digest_of(key)
            change.set(solved=True)
            if change.before.state is State.answered:
                change.go(State.closed)
                change.set(closed_at=change.at)
                change.tally("closed")
        return change.case

    async def reopen(self, code: str, text: str, *, key: str) -> Case:
        """Open a finished case again because the citizen says so; to an open one the text is added.

        Raises:
            CaseNotFound: there is no such case.
            Conflict: the case was merged, or its words are gone by the end of their keeping.
        """
        return await self._reopen(code, text, key=key, solved=None)

    async def _reopen(self, code: str, text: str, *, key: str, solved: bool | None) -> Case:
        async with self.book.database.connect() as connection:
            own, code = code_of(code), await _leading(connection, code)
            row = await by_code(connection, code)
            case = Case.of(row) if row is not None and State(row["state"]) not in DONE else None
        if case is not None:
            if text.strip():
                await self.add(own or case.code, text, key=key)
            async with self.book.database.connect() as connection:
                row = await by_code(connection, code)
            assert row is not None
            return Case.of(row)
        async with self.book.change(code, actor="citizen", action="reopened", check=anybody) as change:
            if text.strip() and await _message(change.connection, key) is None:
                words = text[:LONGEST_TEXT]
                await change.message(words, author="citizen", purpose="word", public=code == own, key=key)
            if solved is not None:
                change.set(solved=solved)
            await reopen(change)
            # Kept on the page only: who opened it again has it said to them where they did.
            told = texts.reopened(change.case, self.link(change.case))
            await change.message(told, author="system", purpose="notice", public=True)
        return change.case


async def reopen(change: Change) -> None:
    """Open a finished case again, with new clocks."""
    change.go(State.reopened)
    change.set(reopened=change.before.reopened + 1, answered_at=None, on_time=None, closed_at=None, checked_at=None)
    change.set(warned_at=None, escalated_at=None)
    change.tally("reopened")
    await change.flush()
    await case_clocks.begin(change.connection, change.row, change.at)
    await change.fresh()


def _comment(change: Change, text: str) -> None:
    words = text.strip()[:LONGEST_TEXT]
    change.data["comment"] = audit.digest_of(words)
    change.set(rating_comment=words)


def anybody(_case: Case) -> None:
    """The citizen's right was checked before."""


def _answered(case: Case) -> None:
    if case.state not in _HELD:
        raise Conflict(f"Phiếu {case.code} chưa được trả lời; có trả lời rồi anh/chị đánh giá giúp.")


async def _message(connection: AsyncConnection, key: str) -> int | None:
    found = await connection.scalar(select(case_messages.c.id).where(case_messages.c.idempotency_key == key))
    return int(found) if found is not None else None


async def _leading(connection: AsyncConnection, code: str) -> str:
    """The code of the case that stands for this one: of a merged case the one it was merged into."""
    row = await by_code(connection, code)
    while row is not None and row["merged_into"] is not None:
        wanted = select(cases).where(cases.c.id == row["merged_into"])
        row = (await connection.execute(wanted)).mappings().one()
    if row is None:
        raise not_found(code)
    return str(row["code"])


async def _says(connection: AsyncConnection, code: str, text: str) -> bool:
    """Whether the case says a text already."""
    row = await by_code(connection, code)
    assert row is not None
    said = await connection.scalar(
        select(case_messages.c.id)
        .where(case_messages.c.case_id == row["id"], case_messages.c.author == "citizen", case_messages.c.text == text)
        .limit(1)
    )
    return text in row["text"] or said is not None
