"""Files that come up to the console: taken in whole or not at all."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from desk.console._uploads import safe_name
from desk.settings import ConsoleSettings
from tests.support.console import Answer, Console, Person, console, register

MIB = 1024 * 1024
LIST = (
    "Mã số;Tên TTHC;Lĩnh vực nào đó;Nơi nộp hồ sơ của dân\n"
    "1.001193;Đăng ký khai sinh;Hộ tịch;xã\n"
    "1.000656;Đăng ký khai tử;Hộ tịch;xã\n"
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Console]:
    """A console that takes files of up to 1 MiB, which unpack to up to 2 MiB."""
    people = (("lan", "administrator"), ("hoa", "catalogue_approver"))
    settings = ConsoleSettings(port=0, upload_mb=1, unpacked_mb=2)
    async with console(tmp_path, people, settings=settings) as running:
        yield running


def left(desk: Console) -> list[Path]:
    """The uploaded files that lie on the server."""
    return [path for path in desk.parts.uploads.rglob("*") if path.is_file()]


async def send(person: Person, body: bytes, boundary: str = "b") -> Answer:
    """Send a hand-made multipart body."""
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    async with person.session.post("/upload", data=io.BytesIO(body), headers=headers) as got:
        return Answer(
            got.status, await got.text(), got.url.path, {str(name): value for name, value in got.headers.items()}
        )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\lan\\danh mục.xlsx", "danh mục.xlsx"),
        ("/", "tep"),
        ("..", "tep"),
        (".bashrc", "bashrc"),
        ("a\x00b\n.csv", "a_b_.csv"),
        ("-rf *.csv", "-rf _.csv"),
        ("x" * 300 + ".jsonl.gz", "x" * 60 + ".gz"),
        ("ế" * 300, "ế" * 60),
        ("", "tep"),
        ("x." + "y" * 100, "x." + "y" * 12),
    ],
)
def test_a_file_name_keeps_no_folder(given: str, kept: str) -> None:
    assert safe_name(given) == kept


async def test_a_path_in_a_file_name_leads_nowhere(desk: Console) -> None:
    async with desk.person("lan") as person:
        answer = await person.upload("../../../../tmp/ho_tich.yml", register().encode())
        assert answer.path.startswith("/work/")
        work = await person.wait(answer.path)
        assert work["state"] == "done", work
        version = await desk.parts.catalogue.version(work["link"].rpartition("/")[2])
    assert version.source == "ho_tich.yml"
    assert version.actor == "lan"
    assert version.state == "staged"
    assert left(desk) == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x.yml", b"\xff\xfe\x00garbage"),
        ("x.yml", b"procedures: {"),
        ("x.jsonl", b"{}\n{"),
        ("x.xlsx", b"PK\x03\x04 not a workbook"),
        ("x.csv", b";;;;\n\x00\x00"),
        ("x.exe", b"MZ" + bytes(500)),
        ("x.json", b"[" * 5000),
        ("x.pdf", b"%PDF-1.7"),
        ("x", b"x"),
    ],
)
async def test_a_file_of_garbage_is_refused_with_a_sentence(desk: Console, name: str, body: bytes) -> None:
    async with desk.person("lan") as person:
        answer = await person.upload(name, body)
        if answer.path.startswith("/work/"):
            work = await person.wait(answer.path)
            assert work["state"] == "failed", work
            assert len(work["message"]) > 20
            assert "lỗi trong chương trình" not in work["message"], work
        else:
            assert answer.status == 400
    assert left(desk) == []
    assert await desk.parts.catalogue.list() == ()


async def test_a_file_that_is_too_large_is_refused(desk: Console) -> None:
    async with desk.person("lan") as person:
        answer = await person.upload("x.jsonl", b"x" * (MIB + 1))
        assert answer.status == 413
        assert "lớn hơn 1 MB" in answer.text
    assert left(desk) == []


async def test_a_packed_file_that_unpacks_too_far_is_refused(desk: Console) -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (3 * MIB))
    async with desk.person("lan") as person:
        for name, body in (("x.xlsx", book.getvalue()), ("x.jsonl.gz", gzip.compress(b"0" * (3 * MIB)))):
            answer = await person.upload(name, body)
            assert answer.status == 413, name
            assert "bung ra" in answer.text
        # Two packed files one behind the other are one to gzip.
        twice = gzip.compress(b"0" * (MIB + 10)) * 2
        assert (await person.upload("x.jsonl.gz", twice)).status == 413
        assert (await person.upload("x.jsonl.gz", gzip.compress(b"{}")[:-6] + b"\0" * 6)).status != 500
    assert left(desk) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        b"--b\r\n\r\n",
        b"no boundary at all",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.yml"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + b"0" * 64 + b"\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + b"0" * 100_000 + b"\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n'
        b"--c--\r\n",
    ],
)
async def test_a_broken_form_is_refused(desk: Console, body: bytes) -> None:
    async with desk.person("lan") as person:
        answer = await send(person, body)
    assert answer.status in {400, 403}
    assert '<p class="message"' in answer.text
    assert left(desk) == []


async def test_a_form_without_a_file_is_refused(desk: Console) -> None:
    async with desk.person("lan") as person:
        form = aiohttp.FormData()
        form.add_field("csrf", await person.token("/upload"))
        form.add_field("file", b"", filename="", content_type="application/octet-stream")
        async with person.session.post("/upload", data=form) as got:
            assert got.status == 400
            assert "chưa chọn tệp" in await got.text()
        assert (await person.upload("x.yml", b"")).status == 400
        assert (await person.upload("x.yml", b"x", as_of="hôm qua")).status == 400
    assert left(desk) == []


async def test_who_may_not_edit_uploads_nothing(desk: Console) -> None:
    async with desk.person("hoa") as person:
        form = aiohttp.FormData()
        form.add_field("csrf", await person.token("/versions"))
        form.add_field("file", b"x", filename="x.yml")
        async with person.session.post("/upload", data=form) as got:
            assert got.status == 403
    assert left(desk) == []


async def test_columns_are_guessed_confirmed_and_remembered(desk: Console) -> None:
    async with desk.person("lan") as person:
        asked = await person.upload("danh sach.csv", LIST.encode(), as_of="2026-07-01")
        assert "Xác nhận các cột" in asked.text
        assert "Nơi nộp hồ sơ của dân" in asked.text
        columns = {"column-0": "code", "column-1": "name", "column-2": "field", "as_of": "2026-07-01"}
        # A column twice, a field that is none, and no column for the name.
        for wrong in ({"column-3": "name"}, {"column-2": "king"}, {"column-1": ""}):
            answer = await person.post(asked.path, {**columns, **wrong}, page="/versions")
            assert answer.status == 400, wrong
        answer = await person.post(asked.path, columns)
        work = await person.wait(answer.path)
        assert work["state"] == "done", work
        version = await desk.parts.catalogue.version(work["link"].rpartition("/")[2])
        assert version.procedures == 2
        # The file is used up, and the next one with these headings is not asked about.
        assert (await person.get(asked.path)).status == 404
        again = await person.upload("khac.csv", (LIST + "1.000419;Đăng ký khai tử lưu động;Hộ tịch;xã\n").encode())
        work = await person.wait(again.path)
        assert work["state"] == "done", work
        version = await desk.parts.catalogue.version(work["link"].rpartition("/")[2])
        assert version.procedures == 3
        # A list that is only a part is merged into what is live.
        await desk.parts.catalogue.publish(version.id, actor="lan")
        head = LIST.splitlines()[0]
        part = await person.upload(
            "phan.csv", f"{head}\n1.000110;Đăng ký khai sinh ở biên giới;Hộ tịch;xã\n".encode(), keep="1"
        )
        work = await person.wait(part.path)
        assert work["state"] == "done", work
        version = await desk.parts.catalogue.version(work["link"].rpartition("/")[2])
        assert (version.procedures, version.diff["added"], version.diff["removed"]) == (4, 1, 0)
    assert left(desk) == []
