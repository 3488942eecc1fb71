"""The sealed form for denunciations: what it takes, what it gives back, and where nothing of it may be found."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator

import pytest
from PIL import Image
from sqlalchemy import select

from bot.pages import track
from desk import attachments, vault
from desk.cases import Case, Cases, Kind
from store.tables import audit, case_identities, cases
from tests.support.pages import Pages, Visitor, pages

STORY = {
    "subject": "Cán bộ nhận tiền để cấp giấy",
    "office": "Ông Mẫu B, cán bộ địa chính",
    "place": "xã Mẫu",
    "text": "Ngày 2/11 ông B nhận hai triệu đồng rồi mới nhận hồ sơ.",
}
WHO = {"name": "Trần Thị Bí Mật", "address": "Ấp Kín, xã Mẫu", "contact": "0912345678"}


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pages]:
    """The front door with the pages."""
    async with pages(tmp_path_factory.mktemp("sealed")) as opened:
        yield opened


async def token(visitor: Visitor) -> str:
    """The token of a fresh form."""
    return await visitor.token("/to-cao", "/to-cao")


async def newest(door: Pages) -> Case | None:
    """The newest case."""
    async with door.desk.database.connect() as connection:
        row = (await connection.execute(select(cases).order_by(cases.c.id.desc()).limit(1))).mappings().first()
    return None if row is None else Case.of(row)


def given(text: str) -> tuple[str, str]:
    """Code and PIN on the page that answers the form."""
    code, pin = re.findall(r'<dd class="code">([^<]+)</dd>', text)
    return code, pin


async def test_an_anonymous_story_is_taken_and_followed_by_code_and_pin(door: Pages) -> None:
    async with door.visitor() as visitor:
        fields = {"token": await token(visitor), **STORY, "name": "", "address": "", "contact": ""}
        taken = await visitor.post("/to-cao", fields)
        assert taken.status == 200
        code, pin = given(taken.text)
        # Sent again, after an answer that was lost: the same one.
        assert given((await visitor.post("/to-cao", fields)).text) == (code, pin)
        case = await newest(door)
        assert case is not None
        assert (case.code, case.kind, case.text) == (code, Kind.denunciation, STORY["text"])
        assert (case.office, case.place_text) == (STORY["office"], STORY["place"])
        assert (case.citizen_id, case.conversation_id, case.contact) == (None, None, None)
        shown = await visitor.sign_in(code, pin)
        assert STORY["text"] in shown.text
        assert "chưa phải là đơn tố cáo" in shown.text
    async with door.desk.database.connect() as connection:
        assert (await connection.execute(select(case_identities))).all() == []


async def test_an_identity_is_kept_sealed_and_only_with_consent(door: Pages) -> None:
    async with door.visitor() as visitor:
        fields = {"token": await token(visitor), **STORY, **WHO}
        before = await newest(door)
        refused = await visitor.post("/to-cao", fields)
        assert refused.status == 400
        assert "chưa đánh dấu đồng ý" in refused.text
        for value in (*STORY.values(), *WHO.values()):
            assert value in refused.text
        assert "checked" not in refused.text
        assert await newest(door) == before
        taken = await visitor.post("/to-cao", {**fields, "agree": "yes"})
        code, pin = given(taken.text)
        shown = await visitor.sign_in(code, pin)
        # Whoever finds code and PIN learns the story, and not who told it.
        for value in WHO.values():
            assert value not in shown.text
            assert value not in taken.text
    async with door.desk.database.connect() as connection:
        sealed = (await connection.execute(select(case_identities.c.sealed))).scalars().all()
        logged = str((await connection.execute(select(audit.c.data, audit.c.subject, audit.c.actor))).all())
    assert len(sealed) == 1
    for value in (*WHO.values(), *STORY.values()):
        assert value not in sealed[0]
        assert value not in logged


async def test_the_form_leaves_nothing_behind(door: Pages) -> None:
    async with door.visitor() as visitor:
        shown = await visitor.get("/to-cao")
        taken = await visitor.post("/to-cao", {"token": await token(visitor), **STORY})
        for answer in (shown, taken):
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["X-Robots-Tag"] == "noindex"
            assert answer.path == "/to-cao"
            assert "<script" not in answer.text
            assert not re.search(r'(src|href|action)="(https?:)?//', answer.text)
        for field in re.findall(r"<(?:input|textarea)[^>]*>", shown.text):
            if not re.search(r'type="(hidden|file|checkbox)"', field):
                assert 'autocomplete="off"' in field


async def test_a_failure_in_the_middle_tells_no_log_what_was_written(
    door: Pages,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_args: object, **named: str) -> None:
        raise RuntimeError(f"cannot store {named}")

    monkeypatch.setattr(vault, "submit", fail)
    async with door.visitor() as visitor:
        failed = await visitor.post("/to-cao", {"token": await token(visitor), **STORY})
    assert failed.status == 500
    # Where commands ran in this process before, its loggers no longer print.
    said = "".join((*capfd.readouterr(), *(record.getMessage() for record in caplog.records)))
    assert "RuntimeError" in said
    for told in (failed.text, said):
        for value in STORY.values():
            assert value not in told


async def test_files_lose_their_names_and_a_refused_one_holds_nothing_up_silently(door: Pages) -> None:
    exif = Image.Exif()
    exif[0x0131] = "Phone of Bi Mat"
    out = io.BytesIO()
    Image.new("RGB", (50, 40), "red").save(out, "JPEG", exif=exif)
    async with door.visitor() as visitor:
        fields = {"token": await token(visitor), **STORY}
        bad = await visitor.post("/to-cao", fields, files=(("Tran Thi Bi Mat.svg", b"<svg/>", "image/svg+xml"),))
        assert bad.status == 415
        assert "chọn lại các tệp" in bad.text
        assert STORY["text"] in bad.text
        good = await visitor.post("/to-cao", fields, files=(("Tran Thi Bi Mat.jpg", out.getvalue(), "image/jpeg"),))
        code, _ = given(good.text)
    case = await door.cases.show(code, vault=True)
    (file,) = await attachments.of_case(door.desk.database, case.id)
    assert file.name == "tep.jpg"
    _, content = await door.desk.files.open_(file.id)
    assert b"Bi Mat" not in content


async def test_a_story_is_in_even_when_its_files_cannot_be_kept(door: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    Image.new("RGB", (50, 40)).save(out, "PNG")
    settings = door.desk.files.settings.model_copy(update={"keep_free_mb": 10**9})
    monkeypatch.setattr(door.desk.files, "settings", settings)
    async with door.visitor() as visitor:
        fields = {"token": await token(visitor), **STORY}
        taken = await visitor.post("/to-cao", fields, files=(("a.png", out.getvalue(), "image/png"),))
    code, _ = given(taken.text)
    assert "có tệp chưa nhận được" in taken.text
    assert (await door.cases.show(code, vault=True)).text == STORY["text"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"subject": " "}, 400),
        ({"office": ""}, 400),
        ({"text": ""}, 400),
        ({"text": "x" * 5001}, 413),
        ({"subject": "x" * 201}, 413),
        ({"token": ""}, 403),
        ({"token": "0" * 32 + ".1." + "A" * 43}, 403),
    ],
)
async def test_a_form_that_is_not_complete_comes_back_as_it_was(
    door: Pages, change: dict[str, str], status: int
) -> None:
    async with door.visitor() as visitor:
        before = await newest(door)
        answer = await visitor.post("/to-cao", {"token": await token(visitor), **STORY, **change})
        assert answer.status == status
        assert STORY["place"] in answer.text
        assert await newest(door) == before


async def test_the_code_of_a_denunciation_is_no_case_for_anybody_else(
    door: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(track, "_ANSWER_S", 0.0)
    async with door.visitor() as visitor:
        taken = await visitor.post("/to-cao", {"token": await token(visitor), **STORY})
        code, pin = given(taken.text)
        wrong = await visitor.sign_in(code, "000000" if pin != "000000" else "111111")
        unknown = await visitor.sign_in("MC-222222", "000000")
        plain = [re.sub(r'value="[^"]*"', "", answer.text) for answer in (wrong, unknown)]
        assert plain[0] == plain[1]
    assert isinstance(door.cases, Cases)
