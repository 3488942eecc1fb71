"""Versions of the catalogue on a real SQLite database: built whole, switched at once, taken back, never half."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from knowledge.catalogue import STARTER, Catalogue, read_source
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound, Unavailable
from store.tables import catalogue_events
from tests.integration.knowledge.conftest import TINY

RESIDENCE, CIVIL = STARTER / "cu_tru.yml", STARTER / "ho_tich.yml"


async def events(database: Database) -> list[tuple[str, str, str | None]]:
    async with database.connect() as connection:
        rows = (await connection.execute(select(catalogue_events).order_by(catalogue_events.c.id))).mappings().all()
    switches = [row for row in rows if row["what"] in {"published", "rolled_back"}]
    return [(row["what"], row["version_id"], row["data"].get("before")) for row in switches]


async def test_nothing_is_live_before_the_first_publication(catalogue: Catalogue) -> None:
    with pytest.raises(Unavailable, match="motcua catalogue import"):
        await catalogue.snapshot()
    with pytest.raises(NotFound):
        await catalogue.rollback(actor="me")
    assert await catalogue.list() == ()


async def test_an_import_goes_live_only_when_it_is_published(catalogue: Catalogue, database: Database) -> None:
    built = await catalogue.import_(RESIDENCE, actor="me")
    assert (built.state, built.live, built.source) == ("ready", False, "cu_tru.yml")
    with pytest.raises(Unavailable):
        await catalogue.snapshot()
    published = await catalogue.publish(built.id, actor="you")
    assert (published.state, published.live) == ("published", True)
    snapshot = await catalogue.snapshot()
    assert snapshot.version == built.id
    assert snapshot.searcher.search("đăng ký tạm trú").hits[0].code == "1.004194"
    assert snapshot.procedures["1.004194"].name == "Đăng ký tạm trú"
    assert (await catalogue.show("1.004194")).code == "1.004194"
    with pytest.raises(NotFound):
        await catalogue.show("0.000000")
    assert await events(database) == [("published", built.id, None)]


async def test_another_process_picks_up_what_was_published_without_a_restart(
    catalogue: Catalogue, database: Database, home: Path
) -> None:
    first = await catalogue.import_(RESIDENCE, actor="me")
    await catalogue.publish(first.id, actor="me")
    running = Catalogue(database, home, TINY)
    held = await running.snapshot()
    second = await catalogue.import_(CIVIL, actor="me")
    await catalogue.publish(second.id, actor="me")
    for _ in range(200):
        if (await running.snapshot()).version == second.id:
            break
        await asyncio.sleep(0.02)
    assert (await running.snapshot()).version == second.id
    # An answer that began with the old version ends with it.
    assert held.version == first.id
    assert held.procedures["1.004194"].code == "1.004194"
    assert held.searcher.search("đăng ký tạm trú").hits
    await running.close()


async def test_rollback_brings_the_version_before_back_and_is_recorded(
    catalogue: Catalogue, database: Database
) -> None:
    first = await catalogue.import_(RESIDENCE, actor="me")
    await catalogue.publish(first.id, actor="me")
    second = await catalogue.import_(CIVIL, actor="me")
    await catalogue.publish(second.id, actor="me")
    back = await catalogue.rollback(actor="you")
    assert back.id == first.id
    assert (await catalogue.snapshot()).version == first.id
    assert await events(database) == [
        ("published", first.id, None),
        ("published", second.id, first.id),
        ("rolled_back", first.id, second.id),
    ]


async def test_a_source_without_a_usable_record_changes_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("{}\nnot json\n", encoding="utf-8")
    with pytest.raises(Invalid, match="holds no procedure"):
        await catalogue.import_(empty, actor="me")
    with pytest.raises(Invalid, match="no such file"):
        await catalogue.import_(tmp_path / "list.xlsx", actor="me")
    assert await catalogue.list() == ()


async def test_a_version_whose_files_changed_cannot_go_live(catalogue: Catalogue, home: Path) -> None:
    built = await catalogue.import_(RESIDENCE, actor="me")
    with (home / built.id / "index.json").open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(Invalid, match=r"index\.json is missing or was changed"):
        await catalogue.publish(built.id, actor="me")
    with pytest.raises(NotFound):
        await catalogue.publish("no-such-version", actor="me")


async def test_two_builds_at_once_are_one_build_and_one_clear_refusal(catalogue: Catalogue) -> None:
    first, second = [await catalogue.stage(RESIDENCE, actor=who) for who in "ab"]
    done = await asyncio.gather(
        catalogue.build(first.id, actor="a"), catalogue.build(second.id, actor="b"), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in done) == ["Conflict", "Version"]
    (refusal,) = [result for result in done if isinstance(result, Conflict)]
    assert "is running" in refusal.message
    assert (await catalogue.build(second.id, actor="b")).state == "ready"


async def test_only_the_newest_versions_keep_their_index_and_all_keep_their_records(
    catalogue: Catalogue, home: Path
) -> None:
    made = []
    for source in (RESIDENCE, CIVIL, RESIDENCE):
        version = await catalogue.import_(source, actor="me")
        await catalogue.publish(version.id, actor="me")
        made.append(version.id)
    states = {v.id: v.state for v in await catalogue.list()}
    assert [states[version] for version in made] == ["removed", "published", "published"]
    assert not (home / made[0] / "index.json").exists()
    assert len(await catalogue.records(made[0])) == 13
    assert (await catalogue.diff(made[0], against=made[2])).empty
    assert (await catalogue.rollback(actor="me")).id == made[1]
    again = await catalogue.publish(made[0], actor="me")
    assert again.live
    assert (await catalogue.snapshot()).searcher.search("đăng ký tạm trú").hits


async def test_the_starter_is_published_once_and_never_over_another(catalogue: Catalogue) -> None:
    first = await catalogue.import_(RESIDENCE, actor="me")
    await catalogue.publish(first.id, actor="me")
    assert await catalogue.ensure_live() is None
    assert (await catalogue.snapshot()).version == first.id


async def test_an_index_of_another_release_is_refused_and_made_anew_from_the_same_records(
    catalogue: Catalogue, database: Database, home: Path
) -> None:
    first = await catalogue.import_(RESIDENCE, actor="me")
    await catalogue.publish(first.id, actor="me")
    for name in ("index.json", "manifest.json"):
        file = home / first.id / name
        file.write_text(re.sub(r'("(?:fingerprint|index)": ")[0-9a-f]{64}', r"\g<1>" + "0" * 64, file.read_text()))
    later = Catalogue(database, home, TINY)
    with pytest.raises(Invalid, match="reindex"):
        await later.snapshot()
    again = await later.ensure_live()
    assert again is not None
    assert again.live
    assert (again.source, again.source_sha256) == (first.source, first.source_sha256)
    assert set((await later.snapshot()).procedures) == set((await catalogue.snapshot()).procedures)
    assert await later.ensure_live() is None


async def test_another_model_in_the_settings_makes_the_index_anew(
    catalogue: Catalogue, database: Database, home: Path
) -> None:
    first = await catalogue.import_(RESIDENCE, actor="me")
    await catalogue.publish(first.id, actor="me")
    other = TINY.model_copy(update={"model": str(home / first.id / "model")})
    again = await Catalogue(database, home, other).ensure_live()
    assert again is not None
    assert again.id != first.id


async def test_the_starter_goes_live_where_nothing_is_marked_as_unconfirmed(catalogue: Catalogue) -> None:
    version = await catalogue.ensure_live()
    assert version is not None
    assert version.live
    assert version.procedures >= 150
    snapshot = await catalogue.snapshot()
    assert all(snapshot.procedures[code].starter for code in snapshot.procedures)


async def test_a_version_loads_fast_and_says_when_it_cannot(
    catalogue: Catalogue, database: Database, home: Path
) -> None:
    built = await catalogue.import_(RESIDENCE, actor="me")
    await catalogue.publish(built.id, actor="me")
    (home / built.id / "index.json").unlink()
    with pytest.raises(Invalid, match="cannot be read"):
        await Catalogue(database, home, TINY).snapshot()
    # The process that had it loaded goes on answering.
    assert (await catalogue.snapshot()).version == built.id


async def test_national_records_get_the_everyday_names_of_the_starter(tmp_path: Path) -> None:
    file = tmp_path / "national.jsonl"
    file.write_text(
        json.dumps({"code": "1.001193", "name": "Thủ tục đăng ký khai sinh", "field": "Hộ tịch"}), encoding="utf-8"
    )
    (procedure,) = read_source(file).procedures
    assert procedure.everyday
    assert not procedure.starter


async def test_progress_is_told_from_reading_to_checking(catalogue: Catalogue) -> None:
    told: list[tuple[str, float]] = []
    await catalogue.import_(RESIDENCE, actor="me", progress=lambda what, share: told.append((what, share)))
    whats = list(dict.fromkeys(what for what, _ in told))
    assert whats[:4] == ["reading", "province layer", "comparing", "staged"]
    assert {"training", "index", "checking"} <= set(whats)
    shares = [share for what, share in told if what not in whats[:4]]
    assert shares == sorted(shares)
