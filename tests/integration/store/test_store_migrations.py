"""Migrations on a real SQLite file."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import store
from store.engine import Database
from store.errors import Invalid
from store.migrate import upgrade
from store.tables import metadata

MIGRATIONS = Path(store.__file__).parent / "migrations"


async def test_the_migrations_give_the_tables_that_the_code_says(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_every_index_and_every_unique_rule_is_there(database: Database) -> None:
    def made(connection: Connection) -> tuple[set[str | None], set[str | None]]:
        seen = inspect(connection)
        indexes = {index["name"] for table in metadata.tables for index in seen.get_indexes(table)}
        rules = {rule["name"] for table in metadata.tables for rule in seen.get_unique_constraints(table)}
        return indexes, rules

    async with database.connect() as connection:
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


async def test_a_downgrade_takes_everything_away_again(database: Database) -> None:
    def down(connection: Connection) -> set[str]:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        return set(inspect(connection).get_table_names())

    async with database.begin() as connection:
        assert await connection.run_sync(down) == {"alembic_version"}
    await upgrade(database)


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
