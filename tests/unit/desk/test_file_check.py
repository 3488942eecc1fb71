"""What is kept of a file that somebody sends, and what is refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
import segno
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from desk import _file_check, _identity_cards, _pdf_check, _picture_check
from desk._file_check import check
from desk._file_limits import Limits, Refusal

LIMITS = Limits(megapixels=64, side_px=3000)
CARD = "089201000123||Nguyễn Văn Mẫu|01011990|Nam|Ấp Mẫu, Xã Mẫu, An Giang|01012022"


def picture(form: str = "JPEG", size: tuple[int, int] = (320, 200), mode: str = "RGB", **options: object) -> bytes:
    """A picture with something to see in it."""
    made = Image.new(mode, size)
    made.paste(tuple([180] * len(made.getbands())) if mode != "P" else 3, (20, 20, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    made.save(out, form, **options)
    return out.getvalue()


def card_photo(angle: int = 0) -> Image.Image:
    """A photo with the QR code of an identity card somewhere in it."""
    code = io.BytesIO()
    segno.make(CARD, error="m").save(code, kind="png", scale=4, border=2)
    photo = Image.new("RGB", (1600, 1000), (190, 200, 205))
    photo.paste(Image.open(code).convert("RGB"), (1050, 120))
    return photo.rotate(angle, expand=True, fillcolor=(90, 90, 90))


def pdf(*, encrypt: bool = False, script: bool = False, file: bool = False, author: str = "") -> bytes:
    """A PDF of one empty page, with what is asked for in it."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    if script:
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
            {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
        )
    if file:
        writer.add_attachment("a.exe", b"MZ")
    if author:
        writer.add_metadata({"/Author": author})
    if encrypt:
        writer.encrypt("geheim")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def refused(name: str, content: bytes, limits: Limits = LIMITS) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(Refusal) as error:
        check(name, content, limits)
    return str(error.value)


@pytest.mark.parametrize(
    ("form", "mode", "kept"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("WEBP", "RGB", "image/jpeg"),
        ("WEBP", "RGBA", "image/jpeg"),
    ],
)
def test_a_picture_is_kept_as_what_it_is_whatever_its_name_says(form: str, mode: str, kept: str) -> None:
    made = Image.new(mode, (60, 40))
    out = io.BytesIO()
    made.save(out, form)
    done = check("giấy hẹn.exe", out.getvalue(), LIMITS)
    assert done.media_type == kept
    assert done.name == "giấy hẹn" + {"image/jpeg": ".jpg", "image/png": ".png"}[kept]
    assert Image.open(io.BytesIO(done.content)).size == (60, 40)


def test_place_camera_and_comments_are_gone_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera Of Somebody"
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 22.0, 30.0), 3: "E", 4: (105.0, 7.0, 0.0)})
    sent = picture("JPEG", (300, 100), exif=exif, comment=b"secret remark")
    assert b"Camera Of Somebody" in sent
    assert b"secret remark" in sent
    done = check("anh.jpg", sent, LIMITS)
    kept = Image.open(io.BytesIO(done.content))
    assert kept.size == (100, 300)
    assert not kept.getexif()
    assert b"Camera" not in done.content
    assert b"secret remark" not in done.content


def test_text_chunks_of_a_png_and_what_is_glued_behind_a_picture_are_gone() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("evil.html", "<script>alert(1)</script>")
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Comment", "somebody's remark")
    for sent in (picture("PNG", pnginfo=notes), picture("JPEG")):
        done = check("a", sent + archive.getvalue() + b"<html><script>alert(1)</script>", LIMITS)
        assert b"remark" not in done.content
        assert b"<script>" not in done.content
        assert not zipfile.is_zipfile(io.BytesIO(done.content))


def test_a_large_photo_is_made_smaller() -> None:
    done = check("a.jpg", picture("JPEG", (2400, 1200)), Limits(megapixels=64, side_px=1000))
    assert Image.open(io.BytesIO(done.content)).size == (1000, 500)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a=1;alert(1)//",
        b"MZ\x90\x00" + b"\0" * 200,
        b"PK\x03\x04" + b"\0" * 200,
        b"#!/bin/sh\nrm -rf /\n",
        b"RIFF\x10\x00\x00\x00AVI LIST",
        b"\0" * 64,
        b" %PDF-1.7\n%%EOF",
    ],
)
def test_what_is_no_picture_and_no_pdf_is_refused_whatever_its_name_says(content: bytes) -> None:
    assert refused("anh.jpg", content) == _file_check.UNKNOWN


def test_an_empty_file_and_an_iphone_s_own_format_are_refused_with_what_to_do() -> None:
    assert refused("a.jpg", b"") == _file_check.EMPTY
    assert "HEIC" in refused("IMG_1.HEIC", b"\0\0\0\x18ftypheic" + b"\0" * 40)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_was_cut_short_or_scrambled_is_refused(form: str) -> None:
    whole = picture(form, (400, 300))
    assert refused("a", whole[: len(whole) * 2 // 3]) == _picture_check.BROKEN
    assert refused("a", whole[:14] + b"\xff" * 400) == _picture_check.BROKEN


def test_a_picture_that_would_unpack_to_gigabytes_is_refused_before_it_is_unpacked() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side in (9_000, 60_000):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")
        assert "quá lớn" in refused("a.png", bomb)


@pytest.mark.parametrize("angle", [0, 90, 7])
def test_a_photo_of_an_identity_card_is_refused_by_its_code(angle: int) -> None:
    out = io.BytesIO()
    card_photo(angle).save(out, "JPEG", quality=80)
    assert refused("IMG_0001.jpg", out.getvalue()) == _identity_cards.REFUSED
    assert check("IMG_0001.jpg", out.getvalue(), Limits(64, 3000, identity_cards=True)).media_type == "image/jpeg"


def test_another_code_is_no_identity_card() -> None:
    out = io.BytesIO()
    segno.make("https://dichvucong.gov.vn/ho-so/H01.123").save(out, kind="png", scale=5)
    assert check("a.png", out.getvalue(), LIMITS).media_type == "image/png"


def test_an_identity_card_inside_a_pdf_is_refused() -> None:
    out = io.BytesIO()
    card_photo().save(out, "PDF", resolution=150)
    assert refused("scan.pdf", out.getvalue()) == _identity_cards.REFUSED


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("CCCD mat truoc.jpg", True),
        ("căn-cước.png", True),
        ("IMG_can_cuoc_2.jpg", True),
        ("CMND_cu.jpeg", True),
        ("chứng minh nhân dân.jpg", True),
        ("phieu hen tra can cuoc.jpg", False),
        ("đơn xin cấp lại CCCD.png", False),
        ("tố cáo.jpg", False),
        ("hình ổ gà.jpg", False),
    ],
)
def test_a_picture_that_is_called_an_identity_card_is_refused(name: str, card: bool) -> None:
    assert _identity_cards.named(name) is card


def test_a_plain_pdf_is_kept_as_it_is() -> None:
    sent = pdf(author="Somebody")
    done = check("Đơn.PDF", sent, LIMITS)
    assert (done.name, done.media_type, done.content) == ("Đơn.pdf", "application/pdf", sent)


def test_for_a_denunciation_name_and_makers_are_taken_away() -> None:
    done = check("Don cua Nguyen Van A.pdf", pdf(author="Nguyen Van A"), Limits(64, 3000, nameless=True))
    assert done.name == "tep.pdf"
    assert b"Nguyen" not in done.content
    assert len(PdfReader(io.BytesIO(done.content)).pages) == 1
    assert check("Nguyen Van A.jpg", picture(), Limits(64, 3000, nameless=True)).name == "tep.jpg"


def test_a_pdf_that_acts_or_hides_something_is_refused() -> None:
    assert refused("a.pdf", pdf(script=True)) == _pdf_check.ACTIVE
    assert refused("a.pdf", pdf(file=True)) == _pdf_check.ACTIVE
    assert refused("a.pdf", pdf(encrypt=True)) == _pdf_check.LOCKED


def packed_pdf(action: bytes) -> bytes:
    """A PDF whose objects lie compressed in one stream, so that no search of its bytes finds them."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/AA<</O " + action + b">>>>",
    }
    heads, bodies = b"", b""
    for number, body in objects.items():
        heads += b"%d %d " % (number, len(bodies))
        bodies += body + b" "
    packed = zlib.compress(heads + bodies)
    out = b"%PDF-1.5\n"
    stream_at = len(out)
    out += b"4 0 obj<</Type/ObjStm/N 3/First %d/Length %d/Filter/FlateDecode>>stream\n" % (len(heads), len(packed))
    out += packed + b"\nendstream endobj\n"
    table_at = len(out)
    rows = [(0, 0, 0), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, stream_at, 0), (1, table_at, 0)]
    table = b"".join(struct.pack(">BHB", *row) for row in rows)
    out += b"5 0 obj<</Type/XRef/Size 6/W[1 2 1]/Root 1 0 R/Length %d>>stream\n" % len(table)
    return out + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % table_at


@pytest.mark.parametrize("kind", [b"/Launch", b"/SubmitForm", b"/JavaScript", b"/GoToE", b"/#4aavaScript"])
def test_an_action_is_found_in_packed_objects_and_however_it_is_spelled(kind: bytes) -> None:
    acting = packed_pdf(b"<</S" + kind + b"/F(x)>>")
    assert kind not in acting
    assert refused("a.pdf", acting) == _pdf_check.ACTIVE
    assert check("a.pdf", packed_pdf(b"<</S/GoTo/D(x)>>"), LIMITS).media_type == "application/pdf"


def test_a_pdf_that_is_cut_short_or_is_two_files_at_once_is_refused() -> None:
    whole = pdf()
    archive = io.BytesIO(whole)
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("a.html", "<script>alert(1)</script>")
    for content in (whole[:-40], whole + b"<script>alert(1)</script>", archive.getvalue(), b"%PDF-1.7\n%%EOF"):
        assert refused("a.pdf", content) == _pdf_check.BROKEN
