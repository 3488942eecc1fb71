"""From a file to an approved, published version: compared, decided by persons, recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import golden
from knowledge.catalogue import STARTER, Catalogue
from knowledge.importers.report import Imported, Report
from knowledge.procedures import Fee, Procedure, Source
from store.engine import Database
from store.errors import Conflict, Invalid, MotcuaError, NotFound
from tests.integration.knowledge.conftest import TINY

RESIDENCE, CIVIL = STARTER / "cu_tru.yml", STARTER / "ho_tich.yml"
STAYING = "1.004194"


async def with_other_fee(catalogue: Catalogue, version: str) -> Imported:
    records = [
        one.model_copy(update={"fees": (Fee(text="7.000 đồng", amount=7000),)}) if one.code == STAYING else one
        for one in await catalogue.records(version)
    ]
    return Imported(tuple(records), Report("sửa một thủ tục"))


async def test_the_same_file_again_differs_in_nothing(catalogue: Catalogue) -> None:
    first = await catalogue.stage(RESIDENCE, actor="lan")
    assert first.diff["added"] == 13
    await catalogue.publish(first.id, actor="lan")
    again = await catalogue.stage(RESIDENCE, actor="lan")
    assert (await catalogue.diff(again.id)).empty
    assert not any(again.diff[what] for what in ("added", "removed", "changed", "words", "rechecked"))


async def test_a_source_that_is_only_a_part_keeps_the_rest_when_told_so(catalogue: Catalogue) -> None:
    first = await catalogue.stage(RESIDENCE, actor="lan")
    await catalogue.publish(first.id, actor="lan")
    replacing = (await catalogue.diff((await catalogue.stage(CIVIL, actor="lan")).id)).counts()
    keeping = await catalogue.stage(CIVIL, actor="lan", keep=True)
    assert replacing["removed"] == 13
    assert (await catalogue.diff(keeping.id)).counts() == {**replacing, "removed": 0}
    assert {one.code for one in await catalogue.records(first.id)} < {
        one.code for one in await catalogue.records(keeping.id)
    }


async def test_procedures_of_many_provinces_under_one_name_can_be_published(catalogue: Catalogue) -> None:
    known = [
        Procedure(code=f"1.{number:06}", name=name, source=Source(title="danh sách"), promulgator=f"UBND tỉnh {number}")
        for number in range(200, 230)
        for name in ["Tách thửa hoặc hợp thửa đất" if number < 225 else f"Cấp giấy phép nuôi cá loại {number}"]
    ]
    imported = Imported(tuple(known), Report("nhiều tỉnh", total=30, accepted=30))
    staged = await catalogue.stage_records(imported, actor="lan")
    assert (await catalogue.publish(staged.id, actor="lan")).live


async def test_a_changed_fee_is_seen_approved_published_and_in_the_history(catalogue: Catalogue) -> None:
    first = await catalogue.stage(RESIDENCE, actor="lan")
    await catalogue.publish(first.id, actor="lan")
    staged = await catalogue.stage_records(await with_other_fee(catalogue, first.id), actor="lan", why="nghị quyết mới")
    difference = await catalogue.diff(staged.id)
    (one,) = difference.changed
    assert (one.code, [change.field for change in one.fields], one.important) == (STAYING, ["fees"], True)
    assert one.fields[0].after_lines[0].startswith("7.000 đồng")
    approved = await catalogue.approve(staged.id, actor="minh")
    assert (approved.state, approved.approved_by) == ("approved", "minh")
    published = await catalogue.publish(staged.id, actor="minh", why="đúng hạn")
    assert published.live
    assert (await catalogue.show(STAYING)).fees[0].amount == 7000
    events = [event for event in reversed(await catalogue.events()) if event.version_id == staged.id]
    assert [(event.what, event.actor) for event in events] == [
        ("staged", "lan"),
        ("approved", "minh"),
        ("built", "minh"),
        ("published", "minh"),
    ]
    assert events[0].data["why"] == "nghị quyết mới"
    assert events[-1].data == {"before": first.id, "source": "sửa một thủ tục", "why": "đúng hạn"}


async def test_with_two_persons_nobody_approves_or_publishes_their_own(database: Database, home: Path) -> None:
    catalogue = Catalogue(database, home, TINY.model_copy(update={"two_persons": True}))
    staged = await catalogue.stage(RESIDENCE, actor="lan")
    with pytest.raises(Conflict, match="second person"):
        await catalogue.publish(staged.id, actor="minh")
    with pytest.raises(Conflict, match="another person"):
        await catalogue.approve(staged.id, actor="lan")
    await catalogue.approve(staged.id, actor="minh")
    assert (await catalogue.publish(staged.id, actor="lan")).live
    # What the program itself ships needs nobody: the first start would never end.
    assert await catalogue.ensure_live() is None


async def test_a_comparison_that_is_out_of_date_is_looked_at_again_before_it_goes_live(catalogue: Catalogue) -> None:
    first = await catalogue.stage(RESIDENCE, actor="lan")
    await catalogue.publish(first.id, actor="lan")
    edited = await catalogue.stage_records(await with_other_fee(catalogue, first.id), actor="lan")
    other = await catalogue.stage(CIVIL, actor="minh")
    await catalogue.publish(other.id, actor="minh")
    with pytest.raises(Conflict, match="Look at the comparison again"):
        await catalogue.publish(edited.id, actor="lan")
    assert len((await catalogue.diff(edited.id)).removed) == other.procedures
    again = await catalogue.approve(edited.id, actor="lan")
    assert again.base_id == other.id
    assert again.diff["removed"] == other.procedures
    assert (await catalogue.publish(edited.id, actor="lan")).live


async def test_a_rejected_version_never_goes_live_and_keeps_its_reason(catalogue: Catalogue) -> None:
    first = await catalogue.stage(RESIDENCE, actor="lan")
    rejected = await catalogue.reject(first.id, actor="minh", reason="nhầm tệp")
    assert rejected.state == "rejected"
    for refused in (catalogue.publish(first.id, actor="lan"), catalogue.approve(first.id, actor="lan")):
        with pytest.raises(Conflict):
            await refused
    assert (await catalogue.events())[0].data["why"] == "nhầm tệp"
    assert len(await catalogue.records(first.id)) == 13


async def test_golden_questions_that_get_worse_stop_a_publication(catalogue: Catalogue, database: Database) -> None:
    await golden.add(database, "đăng ký tạm trú", [STAYING], actor="lan")
    first = await catalogue.stage(RESIDENCE, actor="lan")
    published = await catalogue.publish(first.id, actor="lan")
    assert published.measured["golden"]["right"] == 1
    worse = await catalogue.stage(CIVIL, actor="lan")
    with pytest.raises(Invalid, match=r"answered worse.*“đăng ký tạm trú”"):
        await catalogue.publish(worse.id, actor="lan")
    assert (await catalogue.snapshot()).version == first.id
    kept = await catalogue.version(worse.id)
    assert (kept.state, kept.live, kept.measured["live"]["right"]) == ("ready", False, 1)
    forced = await catalogue.publish(worse.id, actor="lan", force=True)
    assert forced.live
    assert (await catalogue.events())[0].data["forced"] is True


async def test_what_is_not_there_or_not_whole_is_refused_with_a_sentence(catalogue: Catalogue, tmp_path: Path) -> None:
    for refused in (
        catalogue.approve("none", actor="lan"),
        catalogue.reject("none", actor="lan", reason=""),
        catalogue.diff("none"),
        catalogue.records("none"),
        catalogue.report("none"),
        catalogue.publish("none", actor="lan"),
        catalogue.stage_again(actor="lan"),
    ):
        with pytest.raises(NotFound):
            await refused
    garbage = tmp_path / "garbage.jsonl"
    garbage.write_bytes(bytes(range(256)) * 20)
    for path in (garbage, tmp_path / "nothing.jsonl", tmp_path):
        with pytest.raises(Invalid):
            await catalogue.stage(path, actor="lan")
    one = Procedure.model_validate({"code": "1.000001", "name": "A", "source": {"title": "tay"}})
    for records in ((), (one, one)):
        with pytest.raises(MotcuaError):
            await catalogue.stage_records(Imported(records, Report("tay")), actor="lan")
    assert await catalogue.list() == ()
