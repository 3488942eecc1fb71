"""The words that admins add: checked, kept, taken back, exchanged as a table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge import words
from knowledge.importers.report import Severity
from knowledge.vocabulary import Vocabulary
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.migrate import upgrade

SINGLE, MARRIAGE, LAND, CAR = "1.004873", "1.000894", "1.013831", "1.013076"
KNOWN = {SINGLE, MARRIAGE, LAND, CAR}
NAME = f"Cấp Giấy xác nhận tình trạng hôn nhân ({SINGLE})"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


async def test_a_row_is_kept_with_who_added_it_and_read_by_the_search(database: Database) -> None:
    row, notes = await words.add(database, "  giấy   ế vợ | giay e vo|", NAME, actor="lan", known=KNOWN)
    assert notes == ()
    assert (row.phrases, row.codes, row.actor) == (("giấy ế vợ", "giay e vo"), (SINGLE,), "lan")
    assert await words.list_(database) == (row,)
    vocabulary = Vocabulary.shipped().with_rows(await words.list_(database))
    (found, *_) = vocabulary.expand(["giay", "e", "vo"])
    assert found.entry.codes == (SINGLE,)


async def test_an_ambiguous_row_asks_back_with_its_own_question(database: Database) -> None:
    choices = f"Sang tên nhà đất ({LAND}) || Sang tên xe ({CAR})"
    row, _ = await words.add(database, "làm giấy chuyển chủ", choices, ambiguous=True, note="Đất hay xe?", actor="lan")
    assert row.choices == (("Sang tên nhà đất", LAND), ("Sang tên xe", CAR))
    ambiguity = Vocabulary.shipped().with_rows([row]).ambiguous(["lam", "giay", "chuyen", "chu"])
    assert ambiguity is not None
    assert (ambiguity.question, [choice.code for choice in ambiguity.choices]) == ("Đất hay xe?", [LAND, CAR])


@pytest.mark.parametrize(
    ("everyday", "official", "ambiguous", "said"),
    [
        ("", NAME, False, "thiếu cách nói"),
        (" | |", NAME, False, "thiếu cách nói"),
        ("???", NAME, False, "không có chữ nào"),
        ("giấy ế vợ", "", False, "thiếu tên chính thức"),
        ("giấy ế vợ", "💥", False, "thiếu tên chính thức"),
        ("giấy ế vợ", "Không có (9.999999)", False, "9.999999 không có trong danh mục"),
        ("giấy ế vợ", f"A ({LAND}) || B ({CAR})", False, "không đánh dấu mơ hồ"),
        ("giấy ế vợ", NAME, True, "ít nhất hai lựa chọn"),
        ("giấy ế vợ", f"A ({LAND}) || B", True, "một mã thủ tục"),
        ("giấy ế vợ", f"A ({LAND}) || 💥 ({CAR})", True, "một mã thủ tục"),
        ("a " * 100, NAME, False, "dài quá 120"),
        ("giấy ế vợ", "dài " * 400, False, "dài quá 1000"),
        (" | ".join(f"lời {n}" for n in range(60)), NAME, False, "nhiều hơn 40"),
        ("làm giấy khai sinh", "Thủ tục đăng ký khai sinh (1.001193)", False, "1.001193 không có"),
    ],
)
async def test_a_row_that_cannot_be_used_is_refused_with_a_reason(
    database: Database, everyday: str, official: str, ambiguous: bool, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        await words.add(database, everyday, official, ambiguous=ambiguous, actor="lan", known=KNOWN)
    assert await words.list_(database) == ()


async def test_what_means_the_same_already_is_a_conflict(database: Database) -> None:
    await words.add(database, "giấy ế vợ", NAME, actor="lan")
    with pytest.raises(Conflict, match="đã có"):
        await words.add(database, "GIAY E VO", NAME, actor="minh")
    # The program's own table counts as well.
    with pytest.raises(Conflict, match="đã có"):
        await words.add(database, "làm giấy khai sinh", "Thủ tục đăng ký khai sinh (1.001193)", actor="minh")
    assert len(await words.list_(database)) == 1


async def test_another_meaning_is_taken_with_a_warning_and_wins(database: Database) -> None:
    await words.add(database, "giấy ế vợ", NAME, actor="lan")
    _, notes = await words.add(database, "giấy ế vợ", f"Thủ tục đăng ký kết hôn ({MARRIAGE})", actor="lan")
    assert [note.severity for note in notes] == [Severity.warning]
    assert "thay nghĩa" in notes[0].message
    (found, *_) = Vocabulary.shipped().with_rows(await words.list_(database)).expand(["giay", "e", "vo"])
    assert found.entry.codes == (MARRIAGE,)


async def test_a_single_syllable_is_told_apart_by_its_marks(database: Database) -> None:
    await words.add(database, "ế", NAME, actor="lan")
    row, _ = await words.add(database, "ê", NAME, actor="lan")
    assert row.everyday == "ê"


async def test_every_row_that_is_taken_can_be_built_with(database: Database) -> None:
    await words.add(database, "lời một", f"({SINGLE})", actor="lan")
    await words.add(database, "lời hai", f"Nhà={LAND} || Xe={CAR}", ambiguous=True, actor="lan")
    await words.add(database, "lời ba | (lời) bốn", "tên (cũ) của nó = khác", actor="lan")
    vocabulary = Vocabulary.shipped().with_rows(await words.list_(database))
    assert vocabulary.expand(["loi", "mot"])[0].entry.codes == (SINGLE,)
    assert vocabulary.ambiguous(["loi", "hai"]) is not None
    assert vocabulary.expand(["loi", "bon"])


async def test_an_ended_row_stays_with_who_ended_it(database: Database) -> None:
    row, _ = await words.add(database, "giấy ế vợ", NAME, actor="lan")
    ended = await words.end(database, row.id, actor="minh")
    assert (ended.ended_by, ended.ended_at is not None) == ("minh", True)
    assert await words.list_(database) == ()
    assert [one.id for one in await words.list_(database, ended=True)] == [row.id]
    with pytest.raises(Conflict, match="minh"):
        await words.end(database, row.id, actor="lan")
    with pytest.raises(NotFound):
        await words.end(database, 999, actor="lan")
    await words.add(database, "giấy ế vợ", NAME, actor="lan")


async def test_the_same_row_added_twice_at_once_is_one_row(database: Database) -> None:
    done = await asyncio.gather(
        *(words.add(database, "giấy ế vợ", NAME, actor=name) for name in "abc"), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Conflict", "tuple"]
    assert len(await words.list_(database)) == 1


async def test_a_table_comes_back_as_it_was_written_and_twice_adds_nothing(database: Database, tmp_path: Path) -> None:
    await words.add(database, "giấy ế vợ | =1+1 giấy", NAME, note='nói "đùa", nhưng có', actor="lan")
    choices = f"Đất ({LAND}) || Xe ({CAR})"
    await words.add(database, "làm giấy chuyển chủ", choices, ambiguous=True, note="Đất hay xe?", actor="lan")
    table = await words.export_csv(database)
    assert table.startswith(b"\xef\xbb\xbf")
    before = await words.list_(database)
    for row in before:
        await words.end(database, row.id, actor="lan")
    file = tmp_path / "bang.csv"
    file.write_bytes(table)
    report = await words.import_csv(database, file, actor="minh", known=KNOWN)
    assert (report.total, report.accepted, report.counts()["error"]) == (2, 2, 0)
    after = await words.list_(database)
    assert [(r.everyday, r.official, r.ambiguous, r.note) for r in after] == [
        (r.everyday, r.official, r.ambiguous, r.note) for r in before
    ]
    again = await words.import_csv(database, file, actor="minh", known=KNOWN)
    assert (again.accepted, again.counts()["error"], again.counts()["warning"]) == (0, 0, 2)


async def test_what_a_citizen_wrote_is_no_formula_in_the_table(database: Database, tmp_path: Path) -> None:
    await words.add(database, "=HYPERLINK(1) mất giấy ế vợ", NAME, actor="lan")
    table = await words.export_csv(database)
    assert "'=HYPERLINK(1)" in table.decode("utf-8-sig")


async def test_the_shape_of_the_lexicon_is_read_with_codes_from_its_notes(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "lexicon.tsv"
    file.write_text(
        "colloquial\tofficial\tlevel_2019\tlevel_2025\tnote\n"
        f"giấy ế vợ\tCấp Giấy xác nhận tình trạng hôn nhân\txã\txã\tma={SINGLE}; 2025: thay 2.002621\n"
        f"chuyển chủ\t(MƠ HỒ) Đất ({LAND}) || Xe ({CAR})\t?\t?\tHỎI LẠI: đất hay xe\n"
        "việc lạ\tTên nào đó\txã\txã\tma=9.999999\n",
        encoding="utf-8",
    )
    report = await words.import_csv(database, file, actor="lan", known=KNOWN)
    assert (report.total, report.accepted) == (3, 2)
    assert [(remark.line, remark.field) for remark in report.remarks] == [(4, "official")]
    first, second = await words.list_(database)
    assert (first.codes, first.words) == ((SINGLE,), "Cấp Giấy xác nhận tình trạng hôn nhân")
    assert (second.ambiguous, second.note) == (True, "đất hay xe")


async def test_one_bad_row_of_a_table_stops_none_of_the_others(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "bang.csv"
    rows = [
        "Cách nói của người dân;Tên chính thức;Mơ hồ;Ghi chú",
        f"giấy ế vợ;{NAME};;",
        ";thiếu;;",
        "",
        "chỉ một ô",
        f"giấy ế chồng;{NAME};;thừa;ô;nữa",
    ]
    file.write_text("\r\n".join(rows), encoding="utf-8")
    report = await words.import_csv(database, file, actor="lan", known=KNOWN)
    assert (report.total, report.accepted, report.counts()["error"]) == (4, 2, 2)
    assert [remark.line for remark in report.remarks] == [3, 5]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "thiếu cột"),
        (b"a,b,c\n1,2,3\n", "thiếu cột"),
        (b"\xff\xfe\x00\xd8", "UTF-8|không phải"),
        ("Cách nói của người dân,Tên chính thức\n".encode() + b"\xe1\xbb", "UTF-8"),
        (b"PK\x03\x04" + b"\0" * 100, "không phải"),
        (b"everyday,official\n" + b"\0,1\n", "không phải"),
    ],
)
async def test_a_file_that_is_no_table_of_words_is_refused(
    database: Database, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "rac.csv"
    file.write_bytes(content)
    with pytest.raises(Invalid, match=said):
        await words.import_csv(database, file, actor="lan")
    with pytest.raises(Invalid, match="Không đọc được"):
        await words.import_csv(database, tmp_path / "không có.csv", actor="lan")


async def test_a_table_saved_by_excel_as_unicode_text_is_read(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "bang.txt"
    file.write_text(f"Cách nói\tTên chính thức\r\ngiấy ế vợ\t{NAME}\r\n", encoding="utf-16")
    assert (await words.import_csv(database, file, actor="lan")).accepted == 1
