"""Inserts with a conflict clause, which the two databases write with functions of their own."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.dialects.sqlite.dml import Insert as SqliteInsert

Upsert = SqliteInsert | PostgresqlInsert


def insert(dialect: str, table: Table) -> Upsert:
    """An insert that may be given a conflict clause."""
    return insert_postgresql(table) if dialect == "postgresql" else insert_sqlite(table)


@cache
def insert_or_skip(dialect: str, table: Table) -> Upsert:
    """An insert that does nothing when the row is there already."""
    statement = insert(dialect, table)
    return statement.on_conflict_do_nothing()
