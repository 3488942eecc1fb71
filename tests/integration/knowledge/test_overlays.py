"""The province's layer in a real database: set, replaced, taken back, and never forgotten."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from knowledge import overlays
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.migrate import upgrade
from store.tables import now

SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
LEVEL = {"scheme": "ND43_2011", "value": "level_3"}
CODE = "1.001193"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


def table(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


async def test_a_fact_is_kept_with_who_set_it_by_what_and_from_when(db: Database) -> None:
    day = date(2026, 1, 1)
    made = await overlays.add(
        db, CODE, "online_level", LEVEL, actor="lan", valid_from=day, decision="12/QĐ-UBND", source="console"
    )
    [row] = await overlays.list_(db, CODE)
    assert row == made
    assert (row.actor, row.decision, row.valid_from, row.source, dict(row.value)) == (
        "lan", "12/QĐ-UBND", day, "console", LEVEL,
    )  # fmt: skip
    assert now() - row.at < timedelta(minutes=1)


async def test_another_value_of_the_same_ends_the_former_one_and_both_stay_on_record(db: Database) -> None:
    first = await overlays.add(db, CODE, "online_level", LEVEL, actor="lan")
    second = await overlays.add(db, CODE, "online_level", {**LEVEL, "value": "level_4"}, actor="minh")
    assert await overlays.list_(db) == (second,)
    history = await overlays.list_(db, ended=True)
    assert [(row.id, row.ended_by) for row in history] == [(first.id, "minh"), (second.id, None)]
    assert [row.id for row in await overlays.list_(db, as_of=second.at - timedelta(microseconds=1))] == [first.id]
    with pytest.raises(Conflict, match=f"row {second.id}"):
        await overlays.add(db, CODE, "online_level", {**LEVEL, "value": "level_4"}, actor="minh")


async def test_a_value_from_a_later_day_leaves_the_one_before_it(db: Database) -> None:
    await overlays.add(db, CODE, "online_level", LEVEL, actor="lan")
    value = {**LEVEL, "value": "level_4"}
    await overlays.add(db, CODE, "online_level", value, actor="lan", valid_from=date(2027, 1, 1))
    rows = await overlays.list_(db, CODE, "online_level")
    assert [overlays.counts(rows, day)[0].values for day in (date(2026, 12, 31), date(2027, 1, 1))] == [
        {"level_3": 1},
        {"level_4": 1},
    ]


async def test_a_fact_is_taken_back_once(db: Database) -> None:
    row = await overlays.add(db, CODE, "on_time_exempt", {}, actor="lan")
    ended = await overlays.end(db, row.id, actor="minh")
    assert ended.ended_by == "minh"
    assert await overlays.list_(db) == ()
    with pytest.raises(Conflict, match="minh"):
        await overlays.end(db, row.id, actor="lan")
    with pytest.raises(NotFound):
        await overlays.end(db, 999, actor="lan")


@pytest.mark.parametrize(
    ("code", "kind", "value", "message"),
    [
        (CODE, "colour", {}, "no kind"),
        (CODE, "online_level", {}, "scheme"),
        (CODE, "online_level", {"scheme": "ND43_2011", "value": "full"}, "no level of"),
        (CODE, "online_level", {"scheme": "2019", "value": "level_3"}, "none of"),
        (CODE, "online_level", {**LEVEL, "extra": 1}, "extra"),
        (CODE, "receiving", {"office": "moon"}, "office"),
        (CODE, "receiving", {"office": "other"}, "needs a name"),
        (CODE, "fee", {}, "amount or a text"),
        (CODE, "fee", {"amount": -1}, "amount"),
        (CODE, "fee", {"amount": "8000"}, "amount"),
        (CODE, "post", {}, "by post"),
        (CODE, "home_service", {"text": "x", "place": "nowhere"}, "no place"),
        (CODE, "home_service", {"text": "  "}, "text"),
        (CODE, "home_service", [], "home_service"),
        ("*", "fee", {"amount": 1}, "one procedure at a time"),
        ("", "post", {"in": True}, "1 to 40"),
        ("x" * 41, "post", {"in": True}, "1 to 40"),
        (CODE, "post", {"in": True, "valid_to": "2020-01-01"}, "before the first day"),
        (CODE, "post", {"in": True, "valid_to": "soon"}, "valid_to"),
    ],
)
async def test_what_is_no_fact_is_refused_with_a_sentence(
    db: Database, code: str, kind: str, value: Any, message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        await overlays.add(db, code, kind, value, actor="lan", valid_from=date(2026, 1, 1))
    assert await overlays.list_(db, ended=True) == ()


async def test_a_code_that_the_catalogue_does_not_hold_is_refused_one_by_one(db: Database) -> None:
    with pytest.raises(NotFound, match=r"1\.001194"):
        await overlays.add(db, "1.001194", "post", {"in": True}, actor="lan", known={CODE})
    await overlays.add(db, "*", "post", {"in": True}, actor="lan", known={CODE})
    assert len(await overlays.list_(db)) == 1


async def test_a_table_is_taken_whole_but_for_the_rows_that_cannot_be_used(db: Database, tmp_path: Path) -> None:
    path = table(tmp_path, f"code,level\n{CODE},3\n9.999999,4\n,4\n1.000003,9\n{CODE},4\n{CODE},3\n1.000004,?\n")
    report = await overlays.import_csv(db, path, kind="online_level", actor="lan", known={CODE})
    assert (report.total, report.accepted) == (7, 2)
    assert report.as_read == {"added": 2, "replaced": 0, "unchanged": 0, "level_3": 1, "level_4": 1}
    told = [(remark.line, remark.severity.value) for remark in sorted(report.remarks, key=lambda r: r.line)]
    assert told == [(3, "warning"), (4, "error"), (5, "error"), (6, "error"), (7, "warning"), (8, "warning")]
    rows = await overlays.list_(db)
    assert [(row.code, row.source, row.actor) for row in rows] == [
        (CODE, "table.csv", "lan"),
        ("9.999999", "table.csv", "lan"),
    ]


async def test_the_same_table_again_changes_nothing_and_a_corrected_one_only_its_corrections(
    db: Database, tmp_path: Path
) -> None:
    path = table(tmp_path, f"code,level\n{CODE},3\n1.000002,4\n")
    await overlays.import_csv(db, path, kind="online_level", actor="lan")
    before = await overlays.list_(db, ended=True)
    again = await overlays.import_csv(db, path, kind="online_level", actor="minh")
    assert again.as_read["unchanged"] == 2
    assert await overlays.list_(db, ended=True) == before
    path = table(tmp_path, f"code,level\n{CODE},4\n1.000002,4\n")
    fixed = await overlays.import_csv(db, path, kind="online_level", actor="minh")
    assert (fixed.as_read["replaced"], fixed.as_read["unchanged"]) == (1, 1)
    assert {(row.code, row.value["value"]) for row in await overlays.list_(db)} == {
        (CODE, "level_4"),
        ("1.000002", "level_4"),
    }


async def test_a_file_that_is_no_table_changes_nothing(db: Database, tmp_path: Path) -> None:
    await overlays.add(db, CODE, "post", {"in": True}, actor="lan")
    for text in ("", "no,heading\n1,2\n", "code\n1.000001\n"):
        with pytest.raises(Invalid):
            await overlays.import_csv(db, table(tmp_path, text), kind="online_level", actor="lan")
    assert len(await overlays.list_(db, ended=True)) == 1


async def test_the_levels_of_2754_procedures_count_as_the_report_of_2019_counts_them(db: Database) -> None:
    path = SHARED / "catalogue" / "overlay_levels_SYNTHETIC_2754.csv"
    if not path.exists():
        pytest.skip(f"the shared data is not there ({path.name})")
    report = await overlays.import_csv(db, path, kind="online_level", actor="lan", valid_from=date(2019, 12, 31))
    assert (report.total, report.accepted, report.remarks) == (2754, 2754, [])
    [levels] = overlays.counts(await overlays.list_(db), date(2026, 11, 22))
    assert levels.values == {"level_1_2": 1395, "level_3": 703, "level_4": 656}
    assert levels.known == 2754
