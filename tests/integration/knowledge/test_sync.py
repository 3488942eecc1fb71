"""Fetching from a portal over real sockets: politely, in pieces, and whatever it answers."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from knowledge.settings import SyncSource
from knowledge.sync import sync
from knowledge.sync._pages import Pages
from store.engine import Database
from store.errors import Conflict, Unavailable
from store.migrate import upgrade
from tests.fakes.portal import DETAIL, LIST, FakePortal, Trouble, detail

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA") or ROOT.parent / "shared" / "data")
TEN = [detail(number) for number in range(1, 11)]
LATER = Trouble(503, {"Retry-After": "1"})


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await upgrade(opened)
    yield opened
    await opened.close()


def source(portal: FakePortal, **more: Any) -> SyncSource:
    quick = {"rate": 1000, "page_size": 4, "first_wait_s": 0.01, "attempts": 3, "longest_wait_s": 2}
    return SyncSource.model_validate({"name": "portal", "url": portal.url, **quick, **more})


def get(portal: FakePortal, **more: Any) -> SyncSource:
    base = portal.url.removesuffix("/api/v1")
    paths = {"list_path": LIST, "detail_path": DETAIL + "/{id}"}
    return source(portal, method="GET", **{**paths, **more}).model_copy(update={"url": base})


def codes(imported: Any) -> list[str]:
    return [procedure.code for procedure in imported.procedures]


def at(wanted: int, reached: asyncio.Event) -> Callable[[int], None]:
    """Tells when the portal was asked so often."""
    return lambda requests: reached.set() if requests == wanted else None


async def test_a_portal_is_fetched_whole_in_the_order_of_its_list(db: Database) -> None:
    told: list[tuple[str, float]] = []
    async with FakePortal(TEN) as portal:
        wanted = source(portal, contact="admin@example.org", token=SecretStr("secret"))
        imported = await sync(wanted, db, progress=lambda what, share: told.append((what, share)))
        assert portal.asked["list"] == 4
        assert portal.tokens == {"Bearer secret"}
        assert portal.most_at_once <= wanted.connections
        [agent] = portal.agents
    assert re.fullmatch(r"motcua/\S+ \(catalogue sync; admin@example\.org\)", agent)
    assert codes(imported) == [f"1.{number:06d}" for number in range(1, 11)]
    first = imported.procedures[0]
    assert (first.name, first.fees[0].amount, first.times[0].value) == ("Thủ tục thử nghiệm số 1", 8000, 3)
    assert first.checked is not None
    assert (imported.report.source, imported.report.total, imported.report.accepted) == ("portal", 10, 10)
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1] == ("done", 1.0)


@pytest.mark.parametrize("conditional", ["etag", "date"])
async def test_what_has_not_changed_is_not_sent_again(db: Database, conditional: Any) -> None:
    async with FakePortal(TEN, paging="page", conditional=conditional) as portal:
        wanted = get(portal, paging="page")
        first = await sync(wanted, db)
        asked = portal.requests
        again = await sync(wanted, db)
        assert (portal.requests, portal.unchanged) == (2 * asked, asked)
        assert again.procedures == first.procedures
        assert again.report.sha256 == first.report.sha256
        portal.details[TEN[2]["id"]] = {**TEN[2], "name": "Tên mới của thủ tục"}
        changed = await sync(wanted, db)
    assert changed.procedures[2].name == "Tên mới của thủ tục"
    assert changed.report.sha256 != first.report.sha256


async def test_a_condition_of_a_post_request_fails_with_412(db: Database) -> None:
    async with FakePortal(TEN) as portal:
        await sync(source(portal), db)
        asked = portal.requests
        assert len((await sync(source(portal), db)).procedures) == 10
        assert portal.unchanged == asked


async def test_the_pace_and_the_rest_that_the_portal_asks_for_are_kept(db: Database) -> None:
    """Waits have no upper bound on a busy machine, so only their lower ones are looked at."""
    async with FakePortal(TEN) as portal:
        portal.troubles[TEN[0]["id"]] = [Trouble(429, {"Retry-After": "1"})]
        begun = time.monotonic()
        imported = await sync(source(portal, rate=20, connections=1), db)
        taken = time.monotonic() - begun
        refused = portal.asked["list"]
        gap = portal.times[refused + 1] - portal.times[refused]
    assert len(imported.procedures) == 10
    assert imported.report.counts()["warning"] == 0
    # Nobody asks for a second after the refusal; and all others are a twentieth of a second apart.
    assert gap > 0.99
    assert taken > 0.99 + 0.9 * (portal.requests - 2) / 20


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(500),
        Trouble(502, body=b"<html>bad gateway</html>"),
        Trouble(429),
        Trouble(503, {"Retry-After": "soon"}),
        Trouble(503, {"Retry-After": format_datetime(datetime(2026, 1, 1, tzinfo=UTC), usegmt=True)}),
        Trouble(drop=True),
    ],
    ids=lambda trouble: f"{trouble.status} {dict(trouble.headers)} {trouble.drop}",
)
async def test_what_passes_is_tried_again(db: Database, trouble: Trouble) -> None:
    async with FakePortal(TEN) as portal:
        portal.troubles = {"list": [trouble, trouble], TEN[4]["id"]: [trouble, trouble]}
        imported = await sync(source(portal), db)
        assert portal.asked[TEN[4]["id"]] == 3
    assert len(imported.procedures) == 10


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (Trouble(500), "status 500, 3 times"),
        (Trouble(404), "status 404"),
        (Trouble(body=b"<html>Request Rejected</html>"), "a web page"),
        (Trouble(body=b'{"code": "OK", "data": '), "not JSON"),
        (Trouble(body=b"[" * 50_000), "not JSON"),
        (Trouble(body=b"\xff\xfe\x00garbage"), "not JSON"),
        (Trouble(body=b'{"code": "OK", "data": null}'), "no procedure"),
        (Trouble(body=b'{"code": "OK", "data": {"x": 1}}'), "no procedure"),
        (Trouble(body=b"[1, 2]"), "no procedure"),
        (Trouble(body=b'{"code": "ERR_17", "data": {"id": 1}, "message": "loi"}'), "ERR_17: loi"),
        (Trouble(body=json.dumps({"code": "OK", "data": detail(77)}).encode()), "another procedure"),
        (Trouble(body=b'{"code": "OK", "data": "' + b"x" * 70_000 + b'"}'), "larger than 60000 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_answer_that_cannot_be_used_is_reported_and_the_rest_is_taken(
    db: Database, trouble: Trouble, message: str
) -> None:
    async with FakePortal(TEN) as portal:
        portal.troubles[TEN[4]["id"]] = [trouble] * 3
        imported = await sync(source(portal, answer_bytes=60_000), db)
        [remark] = [remark for remark in imported.report.remarks if remark.field == "detail"]
        assert (remark.line, remark.code, remark.severity.value) == (5, "1.000005", "warning")
        assert message in remark.message
        # What the list says of it is better than nothing.
        assert len(imported.procedures) == 10
        assert imported.procedures[4].name == TEN[4]["name"]
        assert imported.procedures[4].fees == ()
        # The portal is well again, and so is the record.
        portal.troubles.clear()
        assert (await sync(source(portal, answer_bytes=60_000), db)).procedures[4].fees != ()


async def test_the_former_answer_stands_in_for_one_that_cannot_be_used(db: Database) -> None:
    async with FakePortal(TEN, conditional=None) as portal:
        first = await sync(source(portal), db)
        portal.troubles[TEN[4]["id"]] = [Trouble(body=b"<html>")]
        again = await sync(source(portal), db)
    assert again.procedures == first.procedures
    [remark] = [remark for remark in again.report.remarks if remark.field == "detail"]
    assert "was kept" in remark.message


async def test_records_of_impossible_shapes_do_not_stop_the_others(db: Database) -> None:
    wild = [
        detail(11, executionMethods="nothing", executionCases=[None, 7, {"profileComponents": [3]}]),
        detail(12, code=None, codeNotation=None),
        {**detail(13), "name": None},
        detail(14, name="\ud800 lone surrogate of a name"),
        detail(15, procedureProposal={"decisionDate": 10**30}),
    ]
    async with FakePortal([*TEN, *wild]) as portal:
        imported = await sync(source(portal), db)
    assert {"1.000001", "1.000010", "1.000015"} <= set(codes(imported))
    assert imported.report.total == 15
    wrong = {remark.line for remark in imported.report.remarks if remark.severity.value == "error"}
    assert {11, 12, 13} <= wrong
    assert imported.report.accepted == len(imported.procedures) == 15 - len(wrong)


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (Trouble(500), "page 1|status 500"),
        (Trouble(body=b"<html>Request Rejected</html>"), "a web page"),
        (Trouble(body=b'{"code": "OK", "data": {"rows": 5}}'), "no list"),
        (Trouble(body=b'{"code": "OK", "data": {"rows": []}}'), "lists no procedure"),
        (Trouble(body=b'{"code": "OK", "data": {"rows": [{"id": "a/../b"}, {"id": true}, 5]}}'), "lists no procedure"),
        (Trouble(403), "refuses us"),
        (Trouble(302, {"Location": "https://login.example/"}), "login.example"),
        (Trouble(429, {"Retry-After": "86400"}), "left alone for 86400 seconds"),
        (Trouble(drop=True), "does not answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_list_that_cannot_be_read_to_its_end_gives_nothing(
    db: Database, trouble: Trouble, message: str
) -> None:
    async with FakePortal(TEN) as portal:
        portal.troubles["list"] = [trouble] * 9
        with pytest.raises(Unavailable, match=message):
            await sync(source(portal), db)
        assert set(portal.asked) == {"list"}
        portal.troubles.clear()
        assert len((await sync(source(portal), db)).procedures) == 10


async def test_a_list_that_leads_in_a_circle_is_left(db: Database) -> None:
    rows = {"code": "OK", "data": {"rows": [{"id": "a", "code": "1.000001"}], "lastId": "a"}}
    circle = {"code": "OK", "data": {"rows": [{"id": "b", "code": "1.000002"}], "lastId": "b"}}
    async with FakePortal(TEN) as portal:
        pages = [json.dumps(page).encode() for page in (rows, circle, rows)]
        portal.troubles["list"] = [Trouble(body=page) for page in pages]
        with pytest.raises(Unavailable, match="leads back"):
            await sync(source(portal), db)


async def test_procedures_that_come_and_go_while_the_list_is_read_are_all_found(db: Database) -> None:
    """By pages, a procedure that is taken away moves all after it up: one falls between two pages."""

    def change(requests: int) -> None:
        if requests == 2:
            del portal.details[TEN[0]["id"]]
            portal.details.update({one["id"]: one for one in (detail(11), detail(12), detail(13), detail(14))})

    async with FakePortal(TEN, paging="page", answered=change) as portal:
        imported = await sync(source(portal, paging="page"), db)
    assert sorted(codes(imported)) == [f"1.{number:06d}" for number in range(1, 15)]
    gone = [remark for remark in imported.report.remarks if remark.field == "detail"]
    assert [remark.code for remark in gone] == ["1.000001"]


async def test_a_portal_that_breaks_down_half_way_is_taken_up_where_it_stopped(db: Database) -> None:
    many = [detail(number) for number in range(1, 41)]
    async with FakePortal(many) as portal:
        portal.troubles = {one["id"]: [Trouble(500)] * 3 for one in many[15:]}
        with pytest.raises(Unavailable, match="goes on from there"):
            await sync(source(portal, connections=1), db)
        assert portal.asked[many[30]["id"]] == 0
        before = portal.asked.copy()
        portal.troubles.clear()
        imported = await sync(source(portal), db)
        assert len(imported.procedures) == 40
        assert all(portal.asked[one["id"]] == before[one["id"]] for one in many[:15])
        # The next fetch is a new one: everything is asked for again.
        await sync(source(portal), db)
        assert portal.asked[many[0]["id"]] == before[many[0]["id"]] + 1


KILLED = """
import asyncio, sys
from knowledge.settings import SyncSource
from knowledge.sync import sync
from store.engine import Database

async def main() -> None:
    db = Database(sys.argv[1])
    source = SyncSource(name="portal", url=sys.argv[2], rate=1000, page_size=4)
    print(len((await sync(source, db)).procedures), flush=True)
    await db.close()

asyncio.run(main())
"""


async def test_a_fetch_that_is_killed_goes_on_in_another_process(db: Database) -> None:
    many = [detail(number) for number in range(1, 31)]
    enough = asyncio.Event()
    async with FakePortal(many, answered=at(24, enough)) as portal:
        portal.delay_s = 0.02
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, db.url, portal.url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        await asyncio.wait_for(enough.wait(), 60)
        with pytest.raises(Conflict, match="being fetched"):
            await sync(source(portal), db)
        child.send_signal(signal.SIGKILL)
        await child.communicate()
        before = portal.asked.copy()
        imported = await sync(source(portal), db)
        again = [id_ for id_, times in portal.asked.items() if id_ != "list" and times > 1]
        fetched = sum(times for id_, times in before.items() if id_ != "list")
    assert len(imported.procedures) == 30
    assert fetched > 8
    # Only what was under way when it was killed is asked for a second time.
    assert len(again) <= 2


async def test_one_source_is_fetched_once_at_a_time(db: Database) -> None:
    begun = asyncio.Event()
    async with FakePortal(TEN) as portal:
        portal.delay_s = 0.02
        portal.answered = at(1, begun)
        first = asyncio.create_task(sync(source(portal), db))
        await begun.wait()
        with pytest.raises(Conflict, match="already"):
            await sync(source(portal), db)
        other = await sync(source(portal, name="other"), db)
        assert len((await first).procedures) == len(other.procedures) == 10


async def test_a_fetch_that_is_cancelled_can_be_taken_up_again(db: Database) -> None:
    begun = asyncio.Event()
    async with FakePortal(TEN) as portal:
        portal.delay_s = 0.02
        portal.answered = at(8, begun)
        task = asyncio.create_task(sync(source(portal), db))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        run = await Pages(db, source(portal)).last()
        assert run is not None
        assert run.state == "stopped"
        assert len((await sync(source(portal), db)).procedures) == 10


async def test_what_the_portal_lists_no_more_is_forgotten(db: Database) -> None:
    async with FakePortal(TEN) as portal:
        await sync(source(portal), db)
        gone = f"detail:{TEN[3]['id']}"
        assert await Pages(db, source(portal)).bodies([gone])
        del portal.details[TEN[3]["id"]]
        assert "1.000004" not in codes(await sync(source(portal), db))
        assert await Pages(db, source(portal)).bodies([gone]) == {}


async def test_what_another_portal_answered_says_nothing_of_this_one(db: Database) -> None:
    async with FakePortal(TEN) as old, FakePortal([{**one, "name": "Tên khác"} for one in TEN]) as new:
        old.troubles = {one["id"]: [Trouble(403)] for one in TEN[5:]}
        with pytest.raises(Unavailable):
            await sync(source(old), db)
        imported = await sync(source(new), db)
    assert {procedure.name for procedure in imported.procedures} == {"Tên khác"}


async def test_procedures_of_other_provinces_are_left_out_where_the_source_says_so(db: Database) -> None:
    mixed = [
        detail(1, departmentPromulgateName="UBND tỉnh An Giang"),
        detail(2, departmentPromulgateName="UBND Thành phố Hải Phòng"),
        detail(3, departmentPromulgateName="Bộ Công an"),
    ]
    async with FakePortal(mixed) as portal:
        imported = await sync(source(portal, province="An Giang"), db)
        assert portal.asked[mixed[1]["id"]] == 0
    assert codes(imported) == ["1.000001", "1.000003"]
    assert any(remark.message.startswith("1 procedures of other provinces") for remark in imported.report.remarks)


async def test_the_502_real_answers_come_through(db: Database) -> None:
    path = SHARED / "exports" / "national_api_details_502.raw.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the shared data is not there ({path.name})")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        real = [json.loads(line) for line in lines]
    async with FakePortal(real) as portal:
        imported = await sync(source(portal, page_size=100, connections=4), db)
    assert (imported.report.total, imported.report.accepted) == (502, 502)
    assert set(codes(imported)) == {one["code"] for one in real}
    assert imported.report.counts()["error"] == 0
