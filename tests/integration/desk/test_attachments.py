"""Files of cases: where they lie, who keeps them, what becomes of those without a case."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from desk import attachments, audit, privacy
from desk._file_check import Checked
from desk.attachments import Attachments, FileRefused, FileTooLarge, TooManyFiles, Upload, clean_name
from desk.cases import Cases, Draft, Kind
from desk.settings import AttachmentSettings
from store.engine import Database
from store.errors import NotFound, Unavailable
from store.tables import case_attachments, now
from tests.support.cases import cases_over, conversation


def photo(colour: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("L", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


def checked(colour: int = 0) -> Checked:
    """A file that was looked into: a process for each would take its time."""
    return Checked("a.png", "image/png", photo(colour))


def draft(conversation_id: str | None = None, kind: Kind = Kind.feedback) -> Draft:
    return Draft(kind=kind, subject="Ổ gà", text="Đường hư.", conversation_id=conversation_id)


@pytest.fixture
def files(database: Database, tmp_path: Path) -> Attachments:
    return Attachments(database, tmp_path / "attachments", AttachmentSettings(per_case=3, max_mb=1, keep_free_mb=0))


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> Database:
    """A migrated database of either kind."""
    made: Database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    return made


def lying(files: Attachments) -> list[Path]:
    return [path for path in files._folder.rglob("*") if path.is_file()]


async def test_a_file_is_looked_into_stored_for_the_owner_alone_and_logged(
    files: Attachments, cases: Cases, database: Database
) -> None:
    case, _ = await cases.open(draft(), key="1")
    kept = await files.attach(case.id, Upload("../../etc/ổ gà.PNG", photo()), author="citizen")
    assert (kept.name, kept.media_type, kept.case_id) == ("ổ gà.png", "image/png", case.id)
    (path,) = lying(files)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(files._folder.stat().st_mode) == 0o700
    assert path.suffix == ""
    held, content = await files.open_(kept.id)
    assert held == kept
    assert Image.open(io.BytesIO(content)).size == (40, 30)
    entry = (await audit.of(database, f"case:{case.id}"))[-1]
    assert (entry.action, entry.data["sha256"]) == ("file_added", kept.sha256)
    assert "ổ gà" not in str(entry.data)
    assert (await audit.verify(database)).broken is None


async def test_the_same_file_twice_is_kept_once_and_no_more_than_allowed(files: Attachments, cases: Cases) -> None:
    case, _ = await cases.open(draft(), key="1")
    four = [checked(i) for i in range(4)]
    first = await files.add(case.id, four[:2], author="citizen")
    assert await files.add(case.id, four[:2], author="citizen") == first
    with pytest.raises(TooManyFiles, match="tối đa 3"):
        await files.add(case.id, four, author="citizen")
    assert len(lying(files)) == 2
    # The desk's own files do not count.
    await files.add(case.id, four, author="staff", actor="lan")
    assert len(lying(files)) == 6


async def test_files_added_at_the_same_time_do_not_pass_the_limit(files: Attachments, cases: Cases) -> None:
    case, _ = await cases.open(draft(), key="1")
    five = [checked(i) for i in range(5)]
    done = await asyncio.gather(*(files.add(case.id, [one], author="citizen") for one in five), return_exceptions=True)
    assert sum(isinstance(one, TooManyFiles) for one in done) == 2
    assert len(lying(files)) == 3


async def test_refusals_have_their_reason_and_leave_nothing(
    files: Attachments, cases: Cases, database: Database, tmp_path: Path
) -> None:
    case, _ = await cases.open(draft(), key="1")
    with pytest.raises(FileTooLarge, match="1 MB"):
        await files.attach(case.id, Upload("a.jpg", b"\xff" * (1024 * 1024 + 1)), author="citizen")
    for content in (b"", b"MZ", b"%PDF-1.7", photo()[:50]):
        with pytest.raises(FileRefused):
            await files.attach(case.id, Upload("a.jpg", content), author="citizen")
    with pytest.raises(NotFound):
        await files.attach(999, Upload("a.png", photo()), author="citizen")
    full = Attachments(database, tmp_path / "full", AttachmentSettings(keep_free_mb=10**9))
    with pytest.raises(Unavailable):
        await full.attach(case.id, Upload("a.png", photo()), author="citizen")
    assert lying(files) == []
    assert lying(full) == []
    with pytest.raises(NotFound):
        await files.open_(1)


async def test_a_file_that_takes_for_ever_or_kills_its_reader_is_refused(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = Attachments(database, tmp_path / "a", AttachmentSettings(check_s=0.001))
    with pytest.raises(FileRefused, match="không mở được"):
        await quick.check(Upload("a.png", photo()))
    monkeypatch.setattr("desk._file_process.sys.executable", shutil.which("false"))
    with pytest.raises(FileRefused, match="không mở được"):
        await Attachments(database, tmp_path / "b").check(Upload("a.png", photo()))


async def test_a_file_of_a_chat_waits_for_its_case_and_goes_with_it(
    files: Attachments, cases: Cases, database: Database
) -> None:
    _, talk = await conversation(database, "a")
    _, other = await conversation(database, "b")
    kept, code = await files.keep(talk, checked())
    assert (kept.case_id, code) == (None, None)
    stranger, _ = await cases.open(draft(other), key="other")
    case, _ = await cases.open(draft(talk), key="1")
    assert [file.id for file in await attachments.of_case(database, case.id)] == [kept.id]
    assert await attachments.of_case(database, stranger.id) == ()
    # From now on files go to the open case.
    later, code = await files.keep(talk, checked(9))
    assert (later.case_id, code) == (case.id, case.code)
    again, _ = await cases.open(draft(talk), key="1")
    assert len(await attachments.of_case(database, again.id)) == 2


async def test_as_many_wait_as_a_case_may_have(files: Attachments, database: Database) -> None:
    _, talk = await conversation(database, "a")
    for colour in range(3):
        await files.keep(talk, checked(colour))
    with pytest.raises(TooManyFiles):
        await files.keep(talk, checked(77))
    assert len(lying(files)) == 3


async def test_what_nobody_claims_is_swept_away(files: Attachments, cases: Cases, database: Database) -> None:
    _, talk = await conversation(database, "a")
    case, _ = await cases.open(draft(), key="1")
    mine = await files.attach(case.id, Upload("a.png", photo(1)), author="citizen")
    waiting, _ = await files.keep(talk, checked(2))
    lost = files._folder / "aa" / ("a" * 32)
    lost.parent.mkdir(exist_ok=True)
    lost.write_bytes(b"left by a crash")
    assert await files.sweep() == 0
    os.utime(lost, (0, 0))
    async with database.begin() as connection:
        old = now() - timedelta(hours=25)
        await connection.execute(update(case_attachments).values(at=old))
    assert await files.sweep() == 2
    assert [path.name for path in lying(files)] == [await stored(database, mine.id)]
    with pytest.raises(NotFound):
        await files.open_(waiting.id)
    later, _ = await cases.open(draft(talk), key="2")
    assert await attachments.of_case(database, later.id) == ()


async def test_files_of_a_purged_case_are_deleted_by_their_names(
    files: Attachments, cases: Cases, database: Database
) -> None:
    case, _ = await cases.open(draft(), key="1")
    kept = await files.attach(case.id, Upload("a.png", photo()), author="citizen")
    files.delete([await stored(database, kept.id), "../../motcua.db", "not there"])
    assert lying(files) == []
    with pytest.raises(NotFound, match="không còn trên máy chủ"):
        await files.open_(kept.id)


async def test_of_a_denunciation_even_the_name_is_taken_away(
    files: Attachments, cases: Cases, database: Database
) -> None:
    case, _ = await cases.open(draft(kind=Kind.denunciation), key="1")
    kept = await files.attach(case.id, Upload("Nguyen Van A.png", photo()), author="citizen")
    assert kept.name == "tep.png"
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).where(case_attachments.c.name.like("%Nguyen%"))) == 0


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\An\\Ảnh\\hố ga.jpg", "hố ga"),
        ("../../../etc/passwd", "passwd"),
        ("a.jpg.exe", "a_jpg"),
        ('x"; filename=evil\r\nX: y.html', "x_ filename_evil_X_ y"),
        ("", "tep"),
        ("...", "tep"),
        ("\u202egpj.exe", "gpj"),
        ("ả" * 300, "ả" * 80),
    ],
)
def test_names_are_cleaned(given: str, kept: str) -> None:
    assert clean_name(given) == kept


async def stored(database: Database, number: int) -> str:
    async with database.connect() as connection:
        return str(await connection.scalar(select(case_attachments.c.stored).where(case_attachments.c.id == number)))


async def test_a_file_and_the_case_opened_at_the_same_time_find_each_other(both: Database, tmp_path: Path) -> None:
    files = Attachments(both, tmp_path / "attachments", AttachmentSettings(keep_free_mb=0))
    cases = cases_over(both)
    for number in range(6):
        _, talk = await conversation(both, f"race{number}")
        await asyncio.gather(
            files.keep(talk, checked(number)),
            cases.open(draft(talk), key=f"race{number}"),
            cases.open(draft(talk), key=f"twin{number}"),
            files.keep(talk, checked(100 + number)),
        )
    async with both.connect() as connection:
        assert await connection.scalar(select(func.count()).where(case_attachments.c.case_id.is_(None))) == 0
        assert await connection.scalar(select(func.count()).select_from(case_attachments)) == 12
    assert (await audit.verify(both)).broken is None
    assert await files.sweep() == 0


async def test_who_is_erased_leaves_no_file_behind_that_waits_for_a_case(
    files: Attachments, database: Database
) -> None:
    citizen, talk = await conversation(database, "a")
    await files.keep(talk, checked())
    await privacy.erase(
        database, citizen, actor="lan", because="MC-222222", remove_files=files.delete, forget=lambda talks: None
    )
    assert lying(files) == []
