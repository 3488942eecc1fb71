"""From a file to what citizens are told and back, over HTTP without script."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support import small_catalogue
from tests.support.console import Console, Person, changed_register, console, register

PEOPLE = (("lan", "catalogue_editor"), ("hoa", "catalogue_approver"), ("minh", "administrator"))
FEE = "8.000 đồng"


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Console]:
    """A console over a live catalogue; a person who staged a version does not approve it."""
    knowledge = small_catalogue.QUICK.model_copy(update={"two_persons": True})
    folder = tmp_path_factory.mktemp("console")
    async with console(folder, PEOPLE, live=True, knowledge=knowledge) as running:
        yield running


async def stage(person: Person, text: str) -> str:
    """Upload a file; gives the address of its version."""
    work = await person.wait((await person.upload("ho_tich.yml", text.encode())).path)
    assert work["state"] == "done", work
    return str(work["link"])


async def fee(desk: Console) -> str | None:
    """What citizens are told a birth registration costs."""
    return (await desk.parts.catalogue.show("1.001193")).fees[0].text


async def test_a_change_goes_live_and_back(desk: Console) -> None:
    before = next(version for version in await desk.parts.catalogue.list() if version.live).id
    async with desk.person("lan") as editor, desk.person("hoa") as approver:
        address = await stage(editor, changed_register())
        version = address.rpartition("/")[2]
        diff = (await editor.get(f"{address}/diff")).text
        assert diff.index(FEE) < diff.index("Nhận phiếu hẹn trả kết quả")
        assert "bỏ đi" in diff
        only = (await editor.get(f"{address}/diff?field=times")).text
        assert "7 ngày" in only
        assert FEE not in only
        assert "Đang xem 0 thủ tục" in (await editor.get(f"{address}/diff?q=không+có+gì+như+vậy")).text
        assert (await editor.get(f"{address}/diff?page=99&field=<x>&kind=y&important=1")).status == 200
        assert (await editor.get(f"{address}/diff?against=nothing")).status == 404

        refused = await approver.post(f"{address}/publish")
        work = await approver.wait(refused.path)
        assert work["state"] == "failed"
        assert await fee(desk) == "Miễn phí"

        assert "Đã duyệt" in (await approver.post(f"{address}/approve")).text
        answer = await approver.post(f"{address}/publish")
        again = await approver.post(f"{address}/publish")
        assert again.path == answer.path
        # Whoever opens the page later sees the same work.
        assert (await editor.get(answer.path)).status == 200
        work = await approver.wait(answer.path)
        assert work["state"] == "done", work
        assert work["percent"] == 100
        assert await fee(desk) == FEE

        history = (await editor.get("/history")).text
        for said in (
            "lan",
            "hoa",
            "đưa vào dùng",
            version,
            (await desk.parts.catalogue.version(version)).source_sha256,
        ):
            assert said in history

        confirm = await approver.get("/rollback")
        assert before in confirm.text
        assert (await approver.post("/rollback", {"live": "another"})).status == 409
        assert await fee(desk) == FEE
        back = await approver.post("/rollback", {"live": version})
        assert back.path == f"/versions/{before}"
        assert await fee(desk) == "Miễn phí"
        # The same button pressed twice does not go forth again.
        assert (await approver.post("/rollback", {"live": version})).status == 409
        assert await fee(desk) == "Miễn phí"


async def test_the_same_file_again_changes_nothing(desk: Console) -> None:
    async with desk.person("lan") as editor:
        address = await stage(editor, register())
        assert "không có thay đổi nào" in (await editor.get(f"{address}/diff")).text


async def test_who_staged_a_version_does_not_approve_it(desk: Console) -> None:
    async with desk.person("minh") as person:
        address = await stage(person, changed_register())
        shown = (await person.get(address)).text
        assert "cần một người khác duyệt" in shown
        assert f'action="{address}/approve"' not in shown
        assert (await person.post(f"{address}/approve")).status == 409


async def test_a_rejection_needs_a_reason_and_keeps_it(desk: Console) -> None:
    async with desk.person("lan") as editor, desk.person("hoa") as approver:
        address = await stage(editor, changed_register())
        for reason in ("", "   ", "x" * 1001):
            assert (await approver.post(f"{address}/reject", {"reason": reason})).status == 400
        answer = await approver.post(f"{address}/reject", {"reason": "Phí <b>chưa</b> có nghị quyết"})
        assert answer.status == 200
        assert "Phí &lt;b&gt;chưa&lt;/b&gt; có nghị quyết" in answer.text
        assert (await approver.post(f"{address}/approve")).status == 409
        publishing = await approver.post(f"{address}/publish")
        assert (await approver.wait(publishing.path))["state"] == "failed"


async def test_the_report_names_what_was_met_and_can_be_filtered(desk: Console) -> None:
    twice = register().replace("khai sinh trễ hạn,", "<i>gks</i>,", 1)
    twice = twice.replace("[đăng ký lại khai sinh,", "[<i>gks</i>,", 1)
    async with desk.person("lan") as editor:
        address = await stage(editor, twice)
        report = (await editor.get(f"{address}/report")).text
        assert "cần xem lại" in report
        assert "&lt;i&gt;gks&lt;/i&gt;" in report
        assert "1.004884" in report
        assert "0 dòng" in (await editor.get(f"{address}/report?severity=fixed&q=gks")).text
        assert "0 dòng" not in (await editor.get(f"{address}/report?severity=warning&q=1.004884")).text
        assert (await editor.get(f"{address}/report?severity=x&trap=<y>&page=-1&q=%00")).status == 200
