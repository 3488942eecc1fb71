"""Whatever people try with cases, in whatever order: states follow only where they may, and nothing goes unlogged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from desk import access, audit, units
from desk.cases import Case, Cases, Draft
from desk.handling import Handling
from desk.kinds import DONE, NEXT, Bucket, Kind, State, bucket
from desk.staff import Person, Role
from store.engine import Database
from store.errors import MotcuaError
from store.migrate import upgrade
from store.tables import audit as log
from store.tables import case_clocks, case_messages, case_tallies
from store.tables import cases as case_table
from tests.support.cases import Letters, cases_over, conversation
from tests.support.takeover import member

_numbers = count(1)
Try = Callable[["Desk", Person, Case, Case], Awaitable[object]]

STEPS: dict[str, Try] = {
    "take": lambda d, by, one, two: d.handling.take(by, one.code),
    "assign": lambda d, by, one, two: d.handling.assign(by, one.code, "minh"),
    "lay back": lambda d, by, one, two: d.handling.assign(by, one.code, None),
    "move": lambda d, by, one, two: d.handling.move(by, one.code, units.CENTRE, "Đúng nơi"),
    "accept": lambda d, by, one, two: d.handling.accept(by, one.code),
    "begin": lambda d, by, one, two: d.handling.begin(by, one.code),
    "ask": lambda d, by, one, two: d.handling.ask_information(by, one.code, "Ở ấp nào?"),
    "pause": lambda d, by, one, two: d.handling.pause(by, one.code, "Chờ"),
    "resume": lambda d, by, one, two: d.handling.resume(by, one.code),
    "refuse": lambda d, by, one, two: d.handling.refuse(by, one.code, "Không rõ"),
    "transfer": lambda d, by, one, two: d.handling.transfer_out(by, one.code, "Sở Y tế", "Thẩm quyền"),
    "reply": lambda d, by, one, two: d.handling.reply(by, one.code, "Chào chị"),
    "answer": lambda d, by, one, two: d.handling.reply(by, one.code, "Đã xong", final=True),
    "note": lambda d, by, one, two: d.handling.note(by, one.code, "ghi chú"),
    "close": lambda d, by, one, two: d.handling.close(by, one.code),
    "reopen": lambda d, by, one, two: d.handling.reopen(by, one.code, "Chưa xong"),
    "undo": lambda d, by, one, two: d.handling.undo(by, one.code),
    "merge": lambda d, by, one, two: d.handling.merge(by, one.code, two.code),
    "link": lambda d, by, one, two: d.handling.link(by, one.code, two.code),
    "unlink": lambda d, by, one, two: d.handling.unlink(by, one.code),
    "answer linked": lambda d, by, one, two: d.handling.answer_linked(by, one.code, "Trả lời chung"),
    "remote": lambda d, by, one, two: d.handling.set_facts(by, one.code, remote_area=True),
    "kind": lambda d, by, one, two: d.handling.set_facts(by, one.code, kind=Kind.complaint),
    "approve": lambda d, by, one, two: d.approve(by, one),
    "legal": lambda d, by, one, two: d.handling.start_legal_clock(by, one.code, one.created_at.date()),
    "citizen adds": lambda d, by, one, two: d.cases.add(one.code, f"thêm {next(_numbers)}", key=f"x{next(_numbers)}"),
    "citizen rates": lambda d, by, one, two: d.cases.rate(one.code, 4, key="x"),
    "citizen says no": lambda d, by, one, two: d.cases.solved(one.code, False, key="x"),
    "citizen says yes": lambda d, by, one, two: d.cases.solved(one.code, True, key="x"),
}
PEOPLE = ("lan", "minh", "chi", "new", "kho", "admin")


@dataclass
class Desk:
    """A desk with its people."""

    database: Database
    cases: Cases
    handling: Handling
    people: dict[str, Person]

    async def approve(self, by: Person, case: Case) -> Case:
        """Approve the newest message that waits."""
        async with self.database.connect() as connection:
            waiting = select(func.max(case_messages.c.id)).where(
                case_messages.c.case_id == case.id, case_messages.c.state == "waiting"
            )
            number = await connection.scalar(waiting)
        return await self.handling.approve_reply(by, case.code, number or 0)


async def _desk(folder: Path) -> Desk:
    database = Database(f"sqlite+aiosqlite:///{folder / 'desk.db'}")
    await upgrade(database)
    await units.ensure(database)
    cases = cases_over(database, post=Letters())
    roles = {"chi": Role.supervisor, "kho": Role.vault, "admin": Role.administrator}
    people = {
        name: await member(database, name, (roles.get(name, Role.officer),), reviewed=name == "new") for name in PEOPLE
    }
    return Desk(database, cases, Handling(database, cases=cases), people)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """An event loop that goes on between the examples."""
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def desk(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all examples; each opens cases of its own."""
    made = runner.run(_desk(tmp_path_factory.mktemp("machine")))
    yield made
    assert runner.run(audit.verify(made.database)).broken is None
    runner.run(made.database.close())


_TRIES = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(PEOPLE), st.booleans()), min_size=4, max_size=14
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(list(Kind)), tries=_TRIES)
def test_any_order_of_steps_keeps_the_rules(
    desk: Desk, runner: asyncio.Runner, kind: Kind, tries: list[tuple[str, str, bool]]
) -> None:
    runner.run(_play(desk, kind, tries))


async def _play(desk: Desk, kind: Kind, tries: list[tuple[str, str, bool]]) -> None:
    one, two = [await _open(desk, kind) for _ in range(2)]
    for step, name, first in tries:
        mine, other = (one, two) if first else (two, one)
        before = {case.id: await _now(desk, case) for case in (one, two)}
        logged = {case.id: await _logged(desk, case) for case in (one, two)}
        told = {case.id: await _messages(desk, case) for case in (one, two)}
        failed = False
        try:
            await STEPS[step](desk, desk.people[name], mine, other)
        except MotcuaError:
            failed = True
        for case in (one, two):
            after = await _now(desk, case)
            assert await _logged(desk, case) - logged[case.id] == after.version - before[case.id].version
            if failed:
                assert after == before[case.id]
                assert await _messages(desk, case) == told[case.id]
            elif step != "undo":
                assert after.state in NEXT[before[case.id].state] | {before[case.id].state}
            await _check(desk, after)
    await _check_hidden(desk, one, two)


async def _open(desk: Desk, kind: Kind) -> Case:
    number = next(_numbers)
    draft = Draft(kind, f"Việc {number}", f"Nội dung {number}")
    if kind is not Kind.denunciation and number % 3:
        citizen, talk = await conversation(desk.database, f"p{number}")
        draft = Draft(kind, f"Việc {number}", f"Nội dung {number}", citizen_id=citizen, conversation_id=talk)
    return (await desk.cases.open(draft, key=f"key{number}"))[0]


async def _now(desk: Desk, case: Case) -> Case:
    return await desk.cases.show(case.code, vault=True)


async def _logged(desk: Desk, case: Case) -> int:
    async with desk.database.connect() as connection:
        return int(await connection.scalar(select(func.count()).where(log.c.subject == f"case:{case.id}")) or 0)


async def _messages(desk: Desk, case: Case) -> list[tuple[int, str]]:
    async with desk.database.connect() as connection:
        rows = await connection.execute(
            select(case_messages.c.id, case_messages.c.state).where(case_messages.c.case_id == case.id)
        )
        return [(row.id, row.state) for row in rows]


async def _check(desk: Desk, case: Case) -> None:
    assert case.bucket is bucket(case.kind, case.state)
    async with desk.database.connect() as connection:
        running = await connection.execute(
            select(case_clocks.c.due_at).where(case_clocks.c.case_id == case.id, case_clocks.c.stopped_at.is_(None))
        )
        dates = [row.due_at for row in running]
    assert case.due_at == min((date for date in dates if date is not None), default=None)
    if case.state in DONE:
        assert dates == []
    assert (case.merged_into is not None) == (case.state is State.merged)
    assert (case.answered_at is not None) >= (case.state is State.answered)


async def _check_hidden(desk: Desk, *pair: Case) -> None:
    for name, person in desk.people.items():
        async with desk.database.connect() as connection:
            seen = set(await connection.scalars(select(case_table.c.kind).where(access.scope(person)).distinct()))
            counted = set(await connection.scalars(select(case_tallies.c.kind).distinct()))
        assert Kind.denunciation.value not in seen | counted
        for case in pair:
            if case.bucket is Bucket.vault and name != "kho":
                with pytest.raises(access.CaseNotFound):
                    await desk.handling.note(person, case.code, "x")
