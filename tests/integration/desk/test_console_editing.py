"""The console's pages of editing over HTTP: every page, every form, garbage, and people without the right."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date

import pytest

from knowledge import asked, golden, overlays, words
from tests.support.console import Console
from tests.support.console_editing import APPROVER, EDITOR, Visitor, editing

BIRTH, SINGLE = "1.001193", "1.004873"
PAGES = (
    "/procedures",
    "/procedures?q=khai%20sinh",
    f"/procedures/{BIRTH}",
    "/questions",
    "/questions?verdict=wrong",
    "/vocabulary",
    "/vocabulary/measure",
    "/golden",
    "/quality",
    "/receiving",
    f"/receiving?code={BIRTH}",
    "/offices",
    "/offices?place=m%E1%BB%B9%20h%C3%B2a%20h%C6%B0ng",
    "/freshness",
    "/freshness?kind=aged&months=3",
)
FORMS = (
    f"/procedures/{BIRTH}",
    "/questions",
    "/vocabulary",
    "/vocabulary/stage",
    "/vocabulary/1/end",
    "/golden",
    "/golden/1/end",
    "/receiving",
    "/receiving/1/end",
)
UPLOADS = ("/vocabulary/upload", "/golden/upload", "/receiving/upload")
GARBAGE = ("%00", "%F0%9F%92%A5", "-1", "99999999999999999999", "%3Cscript%3E", "..%2F..%2Fetc", "a" * 900)


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    async with editing(tmp_path_factory.mktemp("console")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def lan(running: Console) -> AsyncIterator[Visitor]:
    """A catalogue editor."""
    async with running.person(EDITOR) as person:
        yield Visitor(person)


@pytest.fixture(scope="module")
async def minh(running: Console) -> AsyncIterator[Visitor]:
    """A catalogue approver, who may read everything here and change nothing."""
    async with running.person(APPROVER) as person:
        yield Visitor(person)


async def everything(running: Console) -> tuple[object, ...]:
    """All that these pages keep."""
    db = running.parts.db
    return await words.list_(db), await golden.list_(db), await overlays.list_(db), await asked.open_(db)


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_opens_for_who_may_read_and_for_nobody_else(
    running: Console, minh: Visitor, path: str
) -> None:
    status, text = await minh.see(path)
    assert status == 200
    assert "<h1>" in text
    async with running.nobody() as stranger:
        answer = await stranger.get(path)
    assert answer.path == "/sign-in"


@pytest.mark.parametrize("path", [*FORMS, *UPLOADS])
async def test_who_may_only_read_changes_nothing(running: Console, minh: Visitor, path: str) -> None:
    file = ("x.csv", b"x") if path in UPLOADS else None
    status, _ = await minh.send(path, {"do": "nothing:", "id": "1"}, file=file)
    assert status == 403
    async with running.nobody() as stranger:
        _, text = await Visitor(stranger).send(path, {}, csrf="0" * 64, file=file)
    assert 'name="password"' in text


@pytest.mark.parametrize("path", [*FORMS, *UPLOADS])
async def test_a_form_without_its_token_is_refused(lan: Visitor, path: str) -> None:
    file = ("x.csv", b"x") if path in UPLOADS else None
    for token in ("", "0" * 64, "é"):
        status, text = await lan.send(path, {"act": "add"}, csrf=token, file=file)
        assert status == 403
        assert "tải lại trang" in text


async def test_garbage_in_addresses_gives_a_clear_page(lan: Visitor) -> None:
    for bad in GARBAGE:
        for path in (f"/procedures/{bad}", f"/procedures?q={bad}&page={bad}", f"/procedures/{BIRTH}?on={bad}"):
            status, _ = await lan.see(path)
            assert status in {200, 404, 409}, path
        for name in ("questions", "vocabulary", "golden", "receiving", "offices", "freshness"):
            path = f"/{name}?page={bad}&verdict={bad}&code={bad}&kind={bad}&place={bad}&months={bad}"
            status, text = await lan.see(path)
            assert status == 200, path
            assert "<script>" not in text


async def test_garbage_in_forms_gives_a_clear_page_and_changes_nothing(running: Console, lan: Visitor) -> None:
    before = await everything(running)
    names = ("everyday", "official", "note", "question", "codes", "do", "id", "code", "kind", "phrases", "valid_from",
             "act", "office", "level", "amount", "on", "print", "name")  # fmt: skip
    for bad in ("", "\x00", "💥" * 50, "<>", "x" * 9000, "??", "?:"):
        for path in FORMS:
            if path != "/vocabulary/stage":
                status, text = await lan.send(path, [(name, bad) for name in names])
                assert 400 <= status < 500, (path, bad[:20], status)
                assert '<p class="message" role="alert">' in text, path
    assert await everything(running) == before
    assert (await lan.see("/procedures"))[0] == 200


async def test_one_click_makes_a_word_and_closes_the_group(running: Console, lan: Visitor) -> None:
    for place, question in enumerate(("làm giấy ế vợ ở đâu", "giay e vo can gi", "<script>alert(1)</script> ế vợ")):
        await asked.note(running.parts.db, key=f"w{place}", question=question, verdict="unanswered", version="v")
    _, text = await lan.see("/questions")
    assert "<script>alert" not in text
    ids = [("id", str(row.id)) for row in await asked.open_(running.parts.db) if "script" not in row.question]
    status, text = await lan.send(
        "/questions", [*ids, ("do", f"vocabulary:{SINGLE}"), ("phrases", "giấy ế vợ | giay e vo")]
    )
    assert status == 200
    assert "Đã thêm vào từ vựng" in text
    (row,) = [row for row in await words.list_(running.parts.db) if SINGLE in row.codes]
    assert (row.phrases, row.actor) == (("giấy ế vợ", "giay e vo"), EDITOR)
    assert [row.question for row in await asked.open_(running.parts.db)] == ["<script>alert(1)</script> ế vợ"]
    await words.end(running.parts.db, row.id, actor="test")


async def test_a_wrong_answer_shows_what_was_said_and_becomes_a_golden_question(running: Console, lan: Visitor) -> None:
    await asked.note(
        running.parts.db,
        key="wrong",
        question="xin chữ ký chồng ở đâu",
        verdict="wrong",
        codes=[BIRTH],
        answer="**Đăng ký khai sinh**\nNơi nộp: xã",
        version="ban-cu",
    )
    _, text = await lan.see("/questions?verdict=wrong")
    assert "<b>Đăng ký khai sinh</b><br>Nơi nộp: xã" in text
    assert "bản ban-cu" in text
    assert f'href="/procedures/{BIRTH}"' in text
    (row,) = [row for row in await asked.open_(running.parts.db) if row.verdict == "wrong"]
    status, text = await lan.send("/questions", {"id": str(row.id), "do": "golden:", "code": "9.999999"})
    assert status == 400
    status, text = await lan.send("/questions", {"id": str(row.id), "do": "golden:", "code": SINGLE})
    assert (status, "Đã lưu 1 câu hỏi chuẩn" in text) == (200, True)
    (question,) = await golden.list_(running.parts.db)
    assert question.codes == (SINGLE,)
    status, text = await lan.send("/questions", {"id": str(row.id), "do": "nothing:"})
    assert (status, "vừa được người khác xử lý" in text) == (409, True)
    await golden.end(running.parts.db, question.id, actor="test")


async def test_words_are_tried_added_measured_exchanged_and_taken_back(running: Console, lan: Visitor) -> None:
    question = await golden.add(running.parts.db, "giấy ế chồng", [SINGLE], actor="test")
    row = {"everyday": "giấy ế chồng", "official": f"Cấp Giấy xác nhận tình trạng hôn nhân ({SINGLE})"}
    _, text = await lan.send("/vocabulary", {**row, "act": "try"})
    assert "Đo trên 1 câu hỏi chuẩn" in text
    assert "Câu trở nên đúng" in text
    assert await words.list_(running.parts.db) == ()
    status, text = await lan.send("/vocabulary", {**row, "act": "add"})
    assert (status, "chưa dùng" in text) == (200, True)
    status, text = await lan.send("/vocabulary", {**row, "act": "add"})
    assert (status, "đã có" in text) == (409, True)
    async with lan.person.session.get("/vocabulary.csv") as answer:
        table = await answer.read()
        assert answer.headers["Content-Type"].startswith("text/csv")
    _, text = await lan.send("/vocabulary/upload", {}, file=("tu-vung.csv", table))
    assert "Đã thêm 0 trong 1 dòng" in text
    _, text = await lan.send("/vocabulary/upload", {}, file=("rac.csv", "Cách nói,Tên chính thức\n,x\n".encode()))
    assert "thiếu cách nói" in text
    status, text = await lan.send("/vocabulary/upload", {}, file=("rac.csv", b"\xff\x00\xd8"))
    assert status == 400
    _, text = await lan.see("/vocabulary/measure")
    assert "Câu trở nên đúng" in text
    await lan.finish((await lan.send("/vocabulary/stage", {}))[1])
    staged = (await running.parts.catalogue.list())[0]
    assert (await running.parts.catalogue.diff(staged.id)).words_added
    (held,) = await words.list_(running.parts.db)
    _, text = await lan.send(f"/vocabulary/{held.id}/end", {})
    assert "Đã gỡ" in text
    assert (await lan.send(f"/vocabulary/{held.id}/end", {}))[0] == 409
    assert await words.list_(running.parts.db) == ()
    await golden.end(running.parts.db, question.id, actor="test")


async def test_what_was_typed_is_shown_and_never_run(running: Console, lan: Visitor) -> None:
    bad = '"><script>alert(1)</script>'
    await lan.send("/vocabulary", {"everyday": f"lời {bad}", "official": f"nghĩa {bad}", "note": bad, "act": "add"})
    _, text = await lan.send("/vocabulary", {"everyday": bad, "official": bad, "act": "try"})
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    _, text = await lan.send("/golden", {"question": bad, "codes": bad})
    assert "<script>alert" not in text
    _, text = await lan.see("/offices?place=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in text
    for row in await words.list_(running.parts.db):
        await words.end(running.parts.db, row.id, actor="test")


async def test_golden_questions_are_added_and_their_quality_is_drawn(running: Console, lan: Visitor) -> None:
    assert (await lan.see("/quality"))[1].count("<svg") == 1
    for question, codes, none in (
        ("đăng ký khai sinh", BIRTH, ""),
        ("giấy xác nhận độc thân", SINGLE, ""),
        ("giá vàng hôm nay", "", "1"),
    ):
        status, _ = await lan.send("/golden", {"question": question, "codes": codes, "none": none})
        assert status == 200
    assert (await lan.send("/golden", {"question": "x y z", "codes": "9.999999"}))[0] == 400
    assert (await lan.send("/golden", {"question": "x y z", "codes": ""}))[0] == 400
    assert (await lan.send("/golden", {"question": "đăng ký khai sinh", "codes": BIRTH}))[0] == 409
    line = json.dumps({"question": "làm giấy khai tử", "codes": ["1.000656"]})
    _, text = await lan.send("/golden/upload", {}, file=("cau-hoi.jsonl", f"{line}\nrác\n".encode()))
    assert "Đã thêm 1 trong 2 câu" in text
    _, text = await lan.see("/quality")
    assert "trả lời 4" in " ".join(text.split())
    assert text.count("<svg") == 2, "the version's own curve, and that of the golden questions"
    for row in await golden.list_(running.parts.db):
        assert (await lan.send(f"/golden/{row.id}/end", {}))[0] == 200
    assert await golden.list_(running.parts.db) == ()


async def test_the_provinces_layer_is_set_shown_and_taken_back(running: Console, lan: Visitor) -> None:
    base = {"code": BIRTH, "valid_from": "2026-01-01", "decision": "3208/QĐ-UBND"}
    for form in (
        {"kind": "receiving", "office": "province_centre", "accepts": "no"},
        {"kind": "fee", "amount": "8.000", "text": "8.000 đồng"},
        {"kind": "online_level", "level": "ND42_2022 full"},
        {"kind": "post", "post_in": "yes", "post_out": "no"},
        {"kind": "home_service", "text": "Nhận tại nhà"},
        {"kind": "on_time_exempt"},
    ):
        status, text = await lan.send("/receiving", {**base, **form})
        assert (status, "Đã ghi cho" in text) == (200, True), form
    rows = await overlays.list_(running.parts.db, BIRTH)
    assert len(rows) == 6
    assert {(row.actor, row.decision, row.valid_from) for row in rows} == {(EDITOR, "3208/QĐ-UBND", date(2026, 1, 1))}
    _, text = await lan.see(f"/receiving?code={BIRTH}")
    for said in ("không nhận tại", "8.000 đồng", "toàn trình", "trả kết quả: không", "Nhận tại nhà"):
        assert said in text
    # The preview shows what citizens will be told.
    _, text = await lan.see(f"/procedures/{BIRTH}")
    assert "8.000 đồng" in text
    for bad in (
        {"kind": "receiving", "office": "other"},
        {"kind": "fee"},
        {"kind": "online_level", "level": "ND42_2022 level_4"},
        {"kind": "home_service", "text": "x", "place": "nowhere"},
        {"kind": "receiving", "office": "school", "valid_from": "32/13"},
        {"kind": "receiving", "office": "school", "code": "9.999999"},
    ):
        assert (await lan.send("/receiving", {**base, **bad}))[0] in {400, 404}, bad
    for row in rows:
        assert (await lan.send(f"/receiving/{row.id}/end", {}))[0] == 200
    assert await overlays.list_(running.parts.db) == ()
    table = f"code,amount\n{BIRTH},9000\n".encode()
    _, text = await lan.send("/receiving/upload", {"kind": "fee"}, file=("phi.csv", table))
    assert "đã nhận 1 trong 1 dòng" in text
    for row in await overlays.list_(running.parts.db):
        await overlays.end(running.parts.db, row.id, actor="test")


async def test_the_offices_of_a_commune_are_found_by_its_old_name(lan: Visitor) -> None:
    _, text = await lan.see("/offices?place=Th%E1%BB%8B%20tr%E1%BA%A5n%20Ph%C3%BA%20M%E1%BB%B9")
    assert "<h2>Xã Phú Tân</h2>" in text
    assert "Thị trấn Phú Mỹ" in text
    assert "Trung tâm Phục vụ hành chính công xã Phú Tân" in text
    assert text.count("<circle") > 90
