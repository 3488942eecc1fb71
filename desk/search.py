"""Searching the cases: by code, by the words of subject, text and place, in any spelling of the diacritics.

No search reads more than a bounded number of cases. Words that few cases have are looked up in the index and sorted;
words that many have are looked for among the newest cases, where most of them soon turn up. A search that comes to its
bound says how far back it looked, and its next page goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from sqlalchemy import ColumnElement, column, func, literal, literal_column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import access
from desk._case_rows import ALPHABET
from desk._lists import (
    FAR,
    LISTED,
    Columns,
    Filters,
    Page,
    listed,
    named,
    newest,
    newest_first,
    older_than,
    pack,
    rows_wanted,
    unpack,
)
from desk.kinds import Bucket
from desk.staff import Person
from knowledge.text import fold
from store.engine import Database
from store.errors import Invalid
from store.tables import cases

LONGEST = 200
# How many of the newest cases are looked through first.
NEAR = 1_000
# So many cases are looked up and sorted; words that more have are looked for among the newest.
FEW = 2_000
_CODE = re.compile(rf"(?:MC[-\s]?)?([{ALPHABET}]{{6}})", re.IGNORECASE)
_WORD = re.compile("[a-z0-9]+")
_MOST_WORDS = 12


def folded(*texts: str | None) -> str:
    """What the search looks through: the words of the texts without diacritics, each after one space."""
    return " ".join(_WORD.findall(fold(" ".join(text for text in texts if text))))


async def search(
    db: Database,
    by: Person,
    text: str,
    filters: Filters = Filters(),  # noqa: B008
    *,
    after: str | None = None,
    limit: int = 50,
    near: int = NEAR,
    few: int = FEW,
    far: int = FAR,
) -> Page:
    """Cases, of those that this person may see, that have all words of the text, or its code; the newest first.

    Args:
        text: a code (with or without `MC-`) or words, with or without diacritics; over 200 characters are cut.
        after: `next` of the page before; None for the first.
        limit: rows of a page, 1 to 200.
        near: how many of the newest cases are looked through before the index is asked.
        few: how many cases may have the words for all of them to be looked up.
        far: how many cases a page looks through when more have them.

    Raises:
        Invalid: there is no word in the text, or `after` comes from no page.
        Forbidden: the person may not read cases.
    """
    access.require(by, "cases.read")
    words = list(dict.fromkeys(_WORD.findall(fold(text[:LONGEST]))))[:_MOST_WORDS]
    if not words:
        raise Invalid("Anh/chị nhập mã phiếu, hoặc vài từ trong nội dung cần tìm.")
    size, begin = rows_wanted(limit), unpack(after) if after else None
    within = [access.scope(by), cases.c.bucket != Bucket.vault.value, *filters.indexed()]
    async with db.connect() as connection:
        if begin is None and (code := _CODE.fullmatch(text.strip())):
            exact = select(*LISTED).where(
                cases.c.code == f"MC-{code.group(1).upper()}", *within, *filters.loose(cases.c)
            )
            rows = (await connection.execute(named(exact))).all()
            if rows:
                return Page(tuple(listed(row) for row in rows), None)
        if begin is not None and begin[0] is not None:
            within.append(older_than(begin[0], begin[1]))
        loose = partial(_loose, words, filters)
        # Words that nearly all cases have fill a page at once; their list in the index would take long to read.
        first = await newest(connection, within, loose, size, min(near, far))
        if first.searched_back_to is None:
            return first
        ids = await _having(connection, db.dialect, words, few + 1)
        if len(ids) <= few:
            return await _looked_up(connection, ids, [*within, *filters.loose(cases.c)], size)
        return await newest(connection, within, loose, size, far)


async def _having(connection: AsyncConnection, dialect: str, words: list[str], most: int) -> list[int]:
    """Numbers of cases that have all the words; of more than `most` any."""
    found = select(cases.c.id).where(_indexed(dialect, words)).limit(most)
    return list((await connection.execute(found)).scalars())


async def _looked_up(connection: AsyncConnection, ids: list[int], within: list[ColumnElement[bool]], size: int) -> Page:
    if not ids:
        return Page((), None)
    order = cases.c.created_at.desc(), cases.c.id.desc()
    found = select(*LISTED).where(cases.c.id.in_(ids), *within).order_by(*order).limit(size + 1)
    rows = newest_first([listed(row) for row in await connection.execute(named(found))])
    last = pack(rows[size - 1].created_at, rows[size - 1].id) if len(rows) > size else None
    return Page(tuple(rows[:size]), last)


def _loose(words: Sequence[str], filters: Filters, columns: Columns) -> list[ColumnElement[bool]]:
    """That a row has all the words, without the index, and what the filters ask for."""
    padded = literal(" ") + columns["folded"] + literal(" ")
    return [*(padded.like(f"% {word} %") for word in words), *filters.loose(columns)]


def _indexed(dialect: str, words: list[str]) -> ColumnElement[bool]:
    """That a case has all the words, by the index of words."""
    if dialect == "postgresql":
        document = func.to_tsvector(literal_column("'simple'"), cases.c.folded)
        return document.op("@@")(func.to_tsquery(literal_column("'simple'"), " & ".join(words)))
    index = table("case_words", column("rowid"))
    query = " ".join(f'"{word}"' for word in words)
    matching = select(index.c.rowid).where(literal_column("case_words").op("MATCH")(literal(query)))
    return cases.c.id.in_(matching)
