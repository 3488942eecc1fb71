"""One procedure in the console: its form, the preview as the citizen sees it, the version that is staged."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import pytest
from multidict import MultiDict

from desk.console import _procedure_form
from knowledge.procedures import Procedure
from tests.support.console import Console
from tests.support.console_editing import EDITOR, Visitor, editing

BIRTH, SINGLE = "1.001193", "1.004873"


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    async with editing(tmp_path_factory.mktemp("console")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def lan(running: Console) -> AsyncIterator[Visitor]:
    """A catalogue editor."""
    async with running.person(EDITOR) as person:
        yield Visitor(person)


def fields_of(text: str) -> list[tuple[str, str]]:
    """The edit form's fields as a browser would send them."""
    form = text[text.index('id="edit"') : text.index("</form>", text.index('id="edit"'))]
    found: list[tuple[int, str, str]] = []
    for tag in re.finditer(r"<input ([^>]*)>", form):
        about = dict(re.findall(r'(\w+)="([^"]*)"', tag.group(1)))
        if (
            about.get("name")
            and about["name"] != "csrf"
            and (about.get("type") != "checkbox" or "checked" in tag.group())
        ):
            found.append((tag.start(), about["name"], html.unescape(about.get("value", ""))))
    for tag in re.finditer(r'<textarea [^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found.append((tag.start(), tag.group(1), html.unescape(tag.group(2))))
    for tag in re.finditer(r'<select [^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', tag.group(2))
        found.append((tag.start(), tag.group(1), chosen.group(1) if chosen else ""))
    return [(name, value) for _, name, value in sorted(found)]


def changed(fields: list[tuple[str, str]], **new: str) -> list[tuple[str, str]]:
    """The fields with the first of each name changed."""
    out = []
    for name, value in fields:
        out.append((name, new.pop(name, value)))
    return out + list(new.items())


async def test_a_changed_procedure_is_previewed_as_the_citizen_sees_it_then_staged(
    running: Console, lan: Visitor
) -> None:
    _, text = await lan.see(f"/procedures/{BIRTH}")
    fields = changed(fields_of(text), fee_text="7.777 đồng một lần", fee_amount="7.777", why="Nghị quyết 12")
    status, text = await lan.send(f"/procedures/{BIRTH}", [*fields, ("act", "preview")])
    assert status == 200
    assert "Sau khi sửa, người dân thấy" in text
    after, was = text.split("Trước khi sửa")
    assert "7.777 đồng một lần" in after
    assert "7.777 đồng một lần" not in was
    versions = await running.parts.catalogue.list()
    status, text = await lan.send(f"/procedures/{BIRTH}", [*fields, ("act", "stage")])
    diff = await lan.finish(text)
    assert "7.777 đồng một lần" in diff
    (staged, *rest) = await running.parts.catalogue.list()
    assert len(rest) == len(versions)
    assert (staged.state, staged.actor, staged.live) == ("staged", EDITOR, False)
    changes = await running.parts.catalogue.diff(staged.id)
    assert [(one.code, [field.field for field in one.fields]) for one in changes.changed] == [(BIRTH, ["fees"])]
    assert not changes.added + changes.removed
    # Whoever comes next is led to the version that waits, so that no change takes back another.
    _, text = await lan.see(f"/procedures/{SINGLE}")
    assert f"on={staged.id}" in text
    _, text = await lan.see(f"/procedures/{SINGLE}?on={staged.id}")
    fields = changed(fields_of(text), conditions="Có mặt khi ký")
    await lan.finish((await lan.send(f"/procedures/{SINGLE}", [*fields, ("act", "stage")]))[1])
    both = await running.parts.catalogue.diff((await running.parts.catalogue.list())[0].id)
    assert {one.code for one in both.changed} == {BIRTH, SINGLE}


async def test_an_unchanged_form_is_no_change_for_any_procedure(running: Console, lan: Visitor) -> None:
    snapshot = await running.parts.catalogue.snapshot()
    for code in sorted(snapshot.procedures)[::9]:
        _, text = await lan.see(f"/procedures/{code}")
        status, text = await lan.send(f"/procedures/{code}", [*fields_of(text), ("act", "preview")])
        assert (status, "Chưa có gì thay đổi" in text) == (200, True), code


async def test_a_form_that_cannot_be_read_says_why_and_keeps_what_was_typed(lan: Visitor) -> None:
    _, text = await lan.see(f"/procedures/{BIRTH}")
    fields = fields_of(text)
    for name, value, said in (
        ("fee_amount", "năm chục ngàn", "phải là số đồng"),
        ("time_value", "vài", "phải là một số"),
        ("items", "Tờ khai | hai | 1", "tên | số bản chính"),
        ("source_url", "javascript:alert(1)", "https://"),
        ("checked", "hôm qua", "Ngày kiểm tra"),
        ("name", "", "Tên thủ tục"),
    ):
        status, text = await lan.send(f"/procedures/{BIRTH}", [*changed(fields, **{name: value}), ("act", "stage")])
        assert status == 400, name
        assert said in html.unescape(text)
        assert value in html.unescape(text)


async def test_a_procedure_that_somebody_else_changed_meanwhile_is_not_overwritten(lan: Visitor) -> None:
    _, text = await lan.see(f"/procedures/{BIRTH}")
    fields = changed(fields_of(text), print="0" * 64)
    status, text = await lan.send(f"/procedures/{BIRTH}", [*fields, ("act", "stage")])
    assert status == 409
    assert "vừa được người khác sửa" in text


async def test_the_preview_names_the_office_of_the_chosen_commune(running: Console, lan: Visitor) -> None:
    _, text = await lan.see(f"/procedures/{BIRTH}")
    commune = re.search(r'<option value="(\d+)">(Xã [^<]+)</option>', text)
    assert commune is not None
    _, text = await lan.see(f"/procedures/{BIRTH}?place={commune.group(1)}")
    seen = text[text.index('class="chat"') :]
    assert html.unescape(commune.group(2)).removeprefix("Xã ") in html.unescape(seen)


def test_the_form_reads_back_what_it_shows() -> None:
    record = Procedure.model_validate(
        {
            "code": "1.000001",
            "name": "Thử | nghiệm",
            "source": {"title": "x"},
            "documents": [{"case": "a", "items": [{"name": "Tờ | khai", "original": 1}, {"name": "Ảnh"}]}],
            "fees": [{"text": "5.000 đồng", "amount": 5000, "channel": "post", "note": "n", "decision": "12/NQ-HĐND"}],
            "times": [{"text": "2,5 ngày", "value": 2.5, "unit": "day"}],
        }
    )
    shown = _procedure_form.shown(record)
    form: MultiDict[str] = MultiDict()
    for key in (*_procedure_form.TEXTS, *_procedure_form.LINES, "checked", "source_title", "source_url"):
        form.add(key, shown[key])
    for part, rows in (("fee", shown["fees"]), ("time", shown["times"])):
        for row in rows:
            for key, value in row.items():
                form.add(f"{part}_{key}", str(value))
    for row in shown["cases"]:
        form.add("case", row["case"])
        form.add("items", row["items"])
    again = _procedure_form.read(form, record)
    assert again.fees == record.fees
    assert again.times == record.times
    assert again.documents[0].items[0].original == 1
    assert again.documents[0].items[0].name == "Tờ / khai"


def test_a_record_of_the_starter_is_confirmed_by_its_box_alone() -> None:
    record = Procedure.model_validate({"code": "1.000001", "name": "Thử", "source": {"title": "x"}, "starter": True})
    sent = {"name": "Thử", "source_title": "x"}
    assert _procedure_form.read(MultiDict(sent), record).starter
    assert not _procedure_form.read(MultiDict({**sent, "confirmed": "1"}), record).starter
    confirmed = record.model_copy(update={"starter": False})
    assert not _procedure_form.read(MultiDict(sent), confirmed).starter
