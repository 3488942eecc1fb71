"""Steps at the same moment, on both databases: one wins, the other is told, nothing waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from desk import audit, units
from desk.cases import Case, Cases, Draft
from desk.dossier import dossier
from desk.handling import Handling
from desk.kinds import Kind, State
from desk.staff import Person, Role
from store.engine import Database
from store.errors import Conflict, MotcuaError
from store.tables import case_messages
from store.tables import cases as case_table
from tests.support.cases import SEAL, Letters, cases_over, conversation
from tests.support.takeover import member

RUBBISH = Draft(Kind.feedback, "Rác trước chợ", "Rác chất đống ba ngày nay")


@dataclass
class Desk:
    """A desk with two officers."""

    database: Database
    cases: Cases
    handling: Handling
    people: list[Person]
    opened: int = 0

    async def open(self) -> Case:
        """A case of a citizen in the web chat."""
        self.opened += 1
        citizen, talk = await conversation(self.database, f"c{self.opened}")
        draft = Draft(Kind.feedback, "Rác", "Rác chất đống", citizen_id=citizen, conversation_id=talk)
        return (await self.cases.open(draft, key=f"k{self.opened}"))[0]


@pytest.fixture(params=["database", "postgres"])
def used(request: pytest.FixtureRequest) -> Database:
    """Each of the databases."""
    made: Database = request.getfixturevalue(request.param)
    return made


@pytest.fixture
async def desk(used: Database) -> AsyncIterator[Desk]:
    """A desk on one of the databases."""
    await units.ensure(used)
    cases = cases_over(used, post=Letters())
    people = [await member(used, name) for name in ("lan", "minh")]
    people.append(await member(used, "chi", (Role.supervisor,)))
    yield Desk(used, cases, Handling(used, cases=cases), people)
    assert (await audit.verify(used)).broken is None


async def test_steps_at_the_same_moment_leave_one_truth(desk: Desk) -> None:
    lan, minh, chi = desk.people
    # One message that is handed in twice makes one case.
    made = await asyncio.gather(*(desk.cases.open(RUBBISH, key="same") for _ in range(6)))
    assert len({case.code for case, _pin in made}) == 1
    # Of two who take a case one gets it.
    case = await desk.open()
    taken = await asyncio.gather(
        desk.handling.take(lan, case.code), desk.handling.take(minh, case.code), return_exceptions=True
    )
    assert sorted(isinstance(result, MotcuaError) for result in taken) == [False, True]
    # Of several answers that were written over the same version one goes out.
    seen = (await desk.cases.show(case.code)).version
    replies = await asyncio.gather(
        *(desk.handling.reply(chi, case.code, f"Trả lời {n}", final=True, expected=seen) for n in range(4)),
        return_exceptions=True,
    )
    assert sorted(isinstance(result, Conflict) for result in replies) == [False, True, True, True]
    # Two that are merged into each other: one way wins.
    one, two = await desk.open(), await desk.open()
    merged = await asyncio.gather(
        desk.handling.merge(lan, one.code, two.code), desk.handling.merge(minh, two.code, one.code),
        return_exceptions=True,
    )  # fmt: skip
    assert sorted(isinstance(result, Conflict) for result in merged) == [False, True]
    # What citizens say while staff work is all kept, once.
    lead = await desk.open()
    work = [desk.cases.add(lead.code, f"tin {n}", key=f"m{n}") for n in range(6)]
    work += [desk.cases.add(lead.code, "tin 0", key="m0")]
    steps = [desk.handling.note(lan, lead.code, f"ghi chú {n}") for n in range(4)]
    done = await asyncio.gather(*work, *steps, return_exceptions=True)
    assert all(not isinstance(result, BaseException) for result in done)
    assert done[0] == done[6]
    async with desk.database.connect() as connection:
        kept = await connection.scalars(
            select(case_messages.c.text).where(case_messages.c.case_id == lead.id).order_by(case_messages.c.text)
        )
        assert list(kept) == sorted([*(f"tin {n}" for n in range(6)), *(f"ghi chú {n}" for n in range(4))])
        version = await connection.scalar(select(case_table.c.version).where(case_table.c.id == lead.id))
        assert await connection.scalar(select(func.count()).where(case_messages.c.case_id == lead.id)) == 10
    assert version == 11
    # The whole path once, on this database.
    await desk.handling.ask_information(lan, lead.code, "Ấp nào?")
    await desk.cases.add(lead.code, "ấp 2", key="m9")
    await desk.handling.pause(lan, lead.code, "Chờ")
    await desk.handling.resume(lan, lead.code)
    other = await desk.open()
    await desk.handling.link(lan, other.code, lead.code)
    await desk.handling.answer_linked(lan, lead.code, "Đã dọn rác")
    await desk.cases.rate(lead.code, 5, "Tốt", key="r")
    await desk.cases.solved(other.code, False, key="s")
    page = await dossier(desk.database, lead.code, lan, seal=SEAL)
    assert page.case.state is State.answered
    assert [joined.code for joined in page.linked] == [other.code]
    assert {clock.outcome for clock in page.clocks} == {"met"}
