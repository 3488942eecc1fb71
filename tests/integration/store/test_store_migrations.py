"""Migrations on a real SQLite file and a real PostgreSQL server."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, text

import store
from store.engine import Database
from store.errors import Invalid
from store.migrate import upgrade
from store.tables import cases, metadata

MIGRATIONS = Path(store.__file__).parent / "migrations"


def _ours(_thing: object, name: str | None, _kind: str, _reflected: bool, _to: object) -> bool:
    # The index of words is made by hand, in each database's own way.
    return name != "ix_cases_words" and not str(name).startswith("case_words")


async def test_the_migrations_give_the_tables_that_the_code_says(both: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
        return list(compare_metadata(context, metadata))

    async with both.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_every_index_and_every_unique_rule_is_there(both: Database) -> None:
    def made(connection: Connection) -> tuple[set[str | None], set[str | None]]:
        seen = inspect(connection)
        indexes = {index["name"] for table in metadata.tables for index in seen.get_indexes(table)}
        rules = {rule["name"] for table in metadata.tables for rule in seen.get_unique_constraints(table)}
        return indexes, rules

    async with both.connect() as connection:
        indexes, rules = await connection.run_sync(made)
    assert {str(index.name) for table in metadata.tables.values() for index in table.indexes} <= indexes
    assert {"uq_cases_code", "uq_cases_idempotency_key", "uq_inbox_channel_external_id"} <= rules


async def test_a_second_upgrade_changes_nothing_and_loses_nothing(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("insert into channel_state (key, value) values ('telegram', '42')"))
    await upgrade(database)
    async with database.connect() as connection:
        assert await connection.scalar(text("select value from channel_state")) == "42"


async def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'a' / 'b' / 'x.db'}")
    await upgrade(database)
    await database.close()
    assert (tmp_path / "a" / "b" / "x.db").exists()


def test_there_is_one_line_of_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == 1
    assert all(revision.doc for revision in scripts.walk_revisions())


def _to(revision: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    (command.downgrade if revision == "base" else command.upgrade)(config, revision)


async def test_a_downgrade_that_would_lose_the_log_is_refused_and_changes_nothing(database: Database) -> None:
    await _add_case(database, 1, "duong")
    with pytest.raises(NotImplementedError, match="backup"):
        async with database.begin() as connection:
            await connection.run_sync(partial(_to, "base"))
    async with database.connect() as connection:
        assert await connection.scalar(text("select count(*) from cases")) == 1


async def test_what_the_first_releases_wrote_is_kept(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    async with database.begin() as connection:
        await connection.run_sync(partial(_to, "0002"))
        await connection.execute(
            text(
                "insert into cases (id, code, idempotency_key, kind, state, subject, text, created_at, changed_at) "
                "values (7, 'MC-AB2CD3', 'k', 'feedback', 'received', 's', 't', '2026-01-02', '2026-01-02')"
            )
        )
        await connection.execute(
            text(
                "insert into case_events (case_id, at, actor, what, data) "
                "values (7, '2026-01-02', 'citizen', 'received', '{}')"
            )
        )
        await connection.execute(
            text(
                "insert into staff_events (at, actor, what, name, data) "
                "values ('2026-01-01', 'x', 'added', 'lan', '{}')"
            )
        )
    await upgrade(database)
    async with database.connect() as connection:
        kept = (await connection.execute(text("select subject, action, actor, digest from audit order by id"))).all()
        case = (await connection.execute(text("select code, bucket, version from cases"))).one()
    await database.close()
    assert [tuple(row) for row in kept] == [("case:7", "received", "citizen", ""), ("staff:lan", "added", "x", "")]
    assert tuple(case) == ("MC-AB2CD3", "open", 1)


async def test_the_index_of_words_follows_every_change_of_a_case(database: Database) -> None:
    await _add_case(database, 1, "duong hong")
    await _add_case(database, 2, "den duong")

    async def having(word: str) -> list[int]:
        found = text("select rowid from case_words where case_words match :word order by rowid")
        async with database.connect() as connection:
            return list((await connection.execute(found, {"word": word})).scalars())

    assert await having("duong") == [1, 2]
    async with database.begin() as connection:
        await connection.execute(text("update cases set folded = 'rac thai' where id = 1"))
        await connection.execute(text("update cases set state = 'accepted' where id = 2"))
    assert await having("duong") == [2]
    assert await having("rac") == [1]
    async with database.begin() as connection:
        await connection.execute(text("delete from cases where id = 2"))
    assert await having("duong") == []


async def _add_case(database: Database, number: int, folded: str) -> None:
    async with database.begin() as connection:
        await connection.execute(
            insert(cases).values(
                id=number,
                code=f"MC-{number}",
                idempotency_key=str(number),
                kind="feedback",
                state="received",
                subject="s",
                text="t",
                folded=folded,
            )
        )


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(Invalid, match="newer version"):
        await upgrade(database)
    async with database.connect() as connection:
        assert await connection.scalar(text("select version_num from alembic_version")) == "9999"


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"SQLite format 3\x00" + b"\x00" * 200])
async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    from sqlalchemy.exc import DatabaseError

    path = tmp_path / "x.db"
    path.write_bytes(content)
    database = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(DatabaseError):
        await upgrade(database)
    await database.close()
    assert path.read_bytes() == content
