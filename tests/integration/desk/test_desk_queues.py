"""The queues and the search on both databases: what is in them, in which order, page by page, and for whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from desk import queues, search
from desk.access import Forbidden
from desk.kinds import Kind, State
from desk.queues import Filters
from desk.staff import Person, Role
from store.engine import Database
from store.errors import Invalid, NotFound
from tests.support.desk_rows import MOMENT, add_case, add_person, add_unit


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> Database:
    """A migrated database of either kind."""
    made: Database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    return made


@pytest.fixture
async def boss(both: Database) -> Person:
    """A supervisor for the whole province."""
    return await add_person(both, "boss", Role.supervisor)


async def _all(db: Database, by: Person, queue: str, limit: int, **more: Any) -> list[int]:
    """Every row of a queue, by pages."""
    found: list[int] = []
    after = None
    while True:
        shown = await queues.page(db, by, queue, after=after, limit=limit, at=MOMENT, **more)
        found += [row.id for row in shown.rows]
        after = shown.next
        if after is None:
            return found
        assert len(shown.rows) == limit


async def _searched(db: Database, by: Person, text: str, limit: int, **more: Any) -> tuple[list[int], int]:
    """Every case that a search finds, by pages, and how many pages."""
    found: list[int] = []
    after, pages = None, 0
    while True:
        shown = await queues.search(db, by, text, after=after, limit=limit, **more)
        found += [row.id for row in shown.rows]
        after, pages = shown.next, pages + 1
        if after is None:
            return found, pages


async def test_pages_give_every_case_once_the_nearest_deadline_first_those_without_last(
    both: Database, boss: Person
) -> None:
    due = [None, 3, 1, None, 1, 2, None, -1]
    made = [await add_case(both, due_at=None if days is None else MOMENT + timedelta(days=days)) for days in due]
    right = sorted(range(len(due)), key=lambda n: (due[n] is None, due[n] or 0, n))
    for limit in (1, 2, 3, 8, 100):
        assert await _all(both, boss, "open", limit) == [made[n] for n in right]


async def test_each_queue_holds_what_its_name_says_and_nothing_else(both: Database, boss: Person) -> None:
    hour = timedelta(hours=1)
    other = await add_person(both, "other", Role.officer)
    states: dict[str, dict[str, Any]] = {
        "fresh": {"due_at": MOMENT + timedelta(days=9)},
        "mine": {"assigned_to": boss.id, "due_at": MOMENT + hour},
        "theirs": {"assigned_to": other.id, "due_at": MOMENT - hour},
        "waits": {"state": "needs_information", "bucket": "waiting", "assigned_to": boss.id},
        "paused": {"state": "paused", "bucket": "paused"},
        "answered": {"state": "answered", "bucket": "done", "assigned_to": boss.id},
        "closed": {"state": "closed", "bucket": "done", "created_at": MOMENT - hour},
        "secret": {"kind": "denunciation", "bucket": "vault", "folded": ""},
    }
    made = {name: await add_case(both, **values) for name, values in states.items()}
    expected = {
        "mine": ["mine"],
        "unassigned": ["fresh"],
        "open": ["theirs", "mine", "fresh"],
        "overdue": ["theirs"],
        "due_soon": ["mine"],
        "waiting": ["waits"],
        "paused": ["paused"],
        "approval": [],
        "answered": ["answered"],
        "done": ["answered", "closed"],
    }
    assert set(expected) == set(queues.QUEUES)
    for queue, names in expected.items():
        assert await _all(both, boss, queue, 1) == [made[name] for name in names], queue
    counted = await queues.counts(both, boss, at=MOMENT)
    assert {name: str(count) for name, count in counted.items()} == {q: str(len(n)) for q, n in expected.items()}


async def test_who_belongs_to_a_unit_sees_that_units_cases_only(both: Database, boss: Person) -> None:
    here, there = await add_unit(both, "here"), await add_unit(both, "there")
    officer = await add_person(both, "officer", Role.officer, unit=here)
    made = await add_case(both, unit_id=here)
    await add_case(both, unit_id=there)
    await add_case(both)
    assert await _all(both, officer, "open", 5) == [made]
    assert str((await queues.counts(both, officer, at=MOMENT))["open"]) == "1"
    assert [row.id for row in (await queues.search(both, officer, "den duong")).rows] == [made]
    row = (await queues.page(both, boss, "open", Filters(unit=here), at=MOMENT)).rows[0]
    assert (row.unit, row.assignee, row.kind, row.state) == ("Đơn vị here", None, Kind.feedback, State.received)


async def test_who_may_not_read_cases_gets_no_list_no_count_and_no_search(database: Database) -> None:
    for role in (Role.administrator, Role.vault, Role.catalogue_editor, Role.catalogue_approver):
        person = await add_person(database, role.value, role)
        for asked in (
            queues.page(database, person, "open"),
            queues.counts(database, person),
            queues.search(database, person, "den"),
        ):
            with pytest.raises(Forbidden):
                await asked


async def test_filters_narrow_every_queue_and_survive_an_address(both: Database, boss: Person) -> None:
    wanted = await add_case(
        both, kind="complaint", place_code="30001", procedure_code="1.2", assigned_to=boss.id, state="accepted"
    )
    await add_case(both)
    await add_case(both, kind="complaint", created_at=MOMENT + timedelta(hours=15))
    day = date(2026, 11, 20)
    for filters in (
        Filters(place="30001"),
        Filters(procedure="1.2"),
        Filters(assignee=boss.id),
        Filters(state=State.accepted),
        # 22:00 UTC is already the next day in Viet Nam.
        Filters(kind=Kind.complaint, since=day, until=day),
    ):
        assert Filters.read(filters.query()) == filters
        assert await _all(both, boss, "open", 5, filters=filters) == [wanted]
        assert (await queues.counts(both, boss, filters, at=MOMENT))["open"].number == 1
        assert [row.id for row in (await queues.search(both, boss, "đèn", filters)).rows] == [wanted]


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "x"},
        {"state": "'"},
        {"unit": "١"},
        {"unit": "-1"},
        {"unit": "9" * 30},
        {"assignee": "me"},
        {"place": "a\x00b"},
        {"place": "\ud800"},
        {"procedure": "1" * 500},
        {"since": "2026-13-01"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
    ],
)
def test_filters_that_cannot_be_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="lọc"):
        Filters.read(query)


async def test_a_next_page_that_no_page_gave_is_refused(database: Database) -> None:
    boss = await add_person(database, "boss", Role.supervisor)
    for after in ("x", "W10", "WzEsMl0", "bnVsbA", "W251bGwsLTFd", "WyJ4IiwxXQ", "%%", "é", "W" * 5000, "WyIyIiwxXQ"):
        with pytest.raises(Invalid, match="danh sách"):
            await queues.page(database, boss, "open", after=after)
        with pytest.raises(Invalid, match="danh sách"):
            await queues.search(database, boss, "den", after=after)


async def test_a_queue_that_is_not_there_is_not_found(database: Database) -> None:
    boss = await add_person(database, "boss", Role.supervisor)
    with pytest.raises(NotFound):
        await queues.page(database, boss, "vault")


async def test_counts_stop_at_a_thousand(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    boss = await add_person(database, "boss", Role.supervisor)
    monkeypatch.setattr(queues, "MOST_COUNTED", 3)
    for expected in ("1", "2", "2+", "2+"):
        await add_case(database)
        assert str((await queues.counts(database, boss, at=MOMENT))["open"]) == expected
    assert (await queues.count(database, boss, "overdue", at=MOMENT)).number == 0


async def test_a_search_finds_words_in_any_spelling_and_only_whole_ones(both: Database, boss: Person) -> None:
    lamp = await add_case(both, place_text="Mỹ Bình", code="MC-AB2CD3")
    rubbish = await add_case(both, subject="Rác thải", text="Rác chất đống ở 12abc, “Mỹ-Bình”!")
    for text, right in (
        ("đèn đường", [lamp]),
        ("DEN   duong", [lamp]),
        ("mỹ bình", [rubbish, lamp]),
        ("rác; mỹ", [rubbish]),
        ("12abc", [rubbish]),
        ("din", []),
        ("de", []),
        ("MC-AB2CD3", [lamp]),
        ("mc ab2cd3", [lamp]),
        ("ab2cd3", [lamp]),
        ("duong" * 50, []),
        ("' or 1=1 & ! (", []),
        ('" * NEAR(', []),
    ):
        assert [row.id for row in (await queues.search(both, boss, text)).rows] == right, text


async def test_a_search_for_nothing_is_refused(database: Database) -> None:
    boss = await add_person(database, "boss", Role.supervisor)
    for text in ("", "   ", "!?", "\x00", "🙂", "\ud800"):
        with pytest.raises(Invalid, match="mã phiếu"):
            await queues.search(database, boss, text)


async def test_a_common_word_gives_the_same_cases_as_a_rare_one_page_by_page(both: Database, boss: Person) -> None:
    made = [
        await add_case(
            both, created_at=MOMENT + timedelta(minutes=n // 3), **({} if n % 4 else {"subject": "Rác", "text": "rác"})
        )
        for n in range(30)
    ]
    right = [number for n, number in reversed(list(enumerate(made))) if n % 4]
    assert (await _searched(both, boss, "duong den", 4))[0] == right
    # Few cases may be looked up, so that the newest are looked through, far enough for one page of four.
    assert (await _searched(both, boss, "duong den", 4, near=5))[0] == right
    found, pages = await _searched(both, boss, "duong den", 4, few=2, far=7)
    assert found == right
    assert pages > len(right) // 4
    stopped = await queues.search(both, boss, "duong", limit=20, few=2, far=10)
    assert [row.id for row in stopped.rows] == [number for number in right if number >= made[20]]
    assert stopped.searched_back_to == MOMENT + timedelta(minutes=20 // 3)
    assert (await queues.search(both, boss, "duong", limit=100, few=2, far=1000)).searched_back_to is None


async def test_a_denunciation_is_not_found_by_code_or_words(both: Database, boss: Person) -> None:
    await add_case(both, kind="denunciation", bucket="vault", code="MC-AB2CD3", folded="bi mat")
    for text in ("MC-AB2CD3", "bi mat"):
        for few in (0, 100):
            assert (await queues.search(both, boss, text, few=few)).rows == ()


def test_what_is_folded_is_words_and_single_spaces() -> None:
    assert search.folded("Đèn  đường,", None, "HỎNG!\n(2 tuần)") == "den duong hong 2 tuan"
