"""A confirmed column mapping is remembered for every later file with the same headings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge.importers import mappings, read, table
from knowledge.importers.table import ColumnMapping
from store.engine import Database
from store.migrate import upgrade

HEADINGS = ("STT", "Mã TTHC (mới)", "Tên việc", "Mức thu", "")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'motcua.db'}")
    await upgrade(made)
    yield made
    await made.close()


def mapping(**columns: int) -> ColumnMapping:
    return ColumnMapping("Trang 1", 3, HEADINGS, columns)


async def test_what_was_confirmed_comes_back_for_the_same_headings_only(database: Database) -> None:
    await mappings.remember(database, mapping(code=1, name=2), actor="lan")
    await mappings.remember(database, mapping(code=1, name=2, fee=3), actor="minh")
    known = await mappings.recall(database, ("stt", "MÃ TTHC  (MỚI)", "tên việc", "Mức thu"))
    assert known is not None
    assert dict(known.columns) == {"code": 1, "name": 2, "fee": 3}
    assert set(known.sure) == {"code", "name", "fee"}
    assert await mappings.recall(database, ("stt", "tên việc")) is None


async def test_a_remembered_mapping_reads_a_file_and_can_be_forgotten(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("STT,Mã TTHC (mới),Tên việc,Mức thu\n1,1.000001,Đăng ký,20.000 đồng\n", encoding="utf-8")
    assert table.guess(file).missing == ("name",)
    await mappings.remember(database, mapping(code=1, name=2, fee=3), actor="lan")
    known = await mappings.recall(database, table.guess(file).headings)
    (procedure,) = read(file, mapping=known).procedures
    assert (procedure.name, procedure.fees[0].amount) == ("Đăng ký", 20_000)
    assert await mappings.forget(database, HEADINGS)
    assert not await mappings.forget(database, HEADINGS)
    assert await mappings.recall(database, HEADINGS) is None
