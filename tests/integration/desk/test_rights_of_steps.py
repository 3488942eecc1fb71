"""Every step of staff with a case, for every role, with a case of the unit and with a denunciation.

The pages ask for rights as well (`test_console_rights.py`); this is what holds whoever calls.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from desk import units
from desk.access import CaseNotFound, Forbidden
from desk.cases import Cases, Draft
from desk.handling import Handling
from desk.kinds import Kind
from desk.staff import Person, Role
from store.engine import Database
from store.errors import MotcuaError
from store.migrate import upgrade
from tests.support.cases import Letters, cases_over
from tests.support.takeover import member

Outcome = Literal["through", "forbidden", "unknown"]
# The desk, who does it, the case, and another case to join it to.
Call = Callable[[Handling, Person, str, str], Awaitable[Any]]
# Who needs to supervise, who to work on cases: by hand, one line a step.
WORK: dict[str, Call] = {
    "take": lambda h, by, code, other: h.take(by, code),
    "accept": lambda h, by, code, other: h.accept(by, code),
    "begin": lambda h, by, code, other: h.begin(by, code),
    "refuse": lambda h, by, code, other: h.refuse(by, code, "Thiếu địa chỉ"),
    "transfer_out": lambda h, by, code, other: h.transfer_out(by, code, "Công an tỉnh", "Thuộc thẩm quyền công an"),
    "pause": lambda h, by, code, other: h.pause(by, code, "Chờ giám định"),
    "resume": lambda h, by, code, other: h.resume(by, code),
    "close": lambda h, by, code, other: h.close(by, code),
    "reopen": lambda h, by, code, other: h.reopen(by, code, "Chưa xong"),
    "start_legal_clock": lambda h, by, code, other: h.start_legal_clock(by, code, date(2026, 11, 20)),
    "reply": lambda h, by, code, other: h.reply(by, code, "Chúng tôi đang xem"),
    "ask_information": lambda h, by, code, other: h.ask_information(by, code, "Anh/chị cho biết địa chỉ"),
    "note": lambda h, by, code, other: h.note(by, code, "Đã gọi điện"),
    "merge": lambda h, by, code, other: h.merge(by, code, other),
    "link": lambda h, by, code, other: h.link(by, code, other),
    "unlink": lambda h, by, code, other: h.unlink(by, code),
    "answer_linked": lambda h, by, code, other: h.answer_linked(by, code, "Đã xử lý"),
    "set_facts": lambda h, by, code, other: h.set_facts(by, code, office="UBND xã"),
    "record_contact": lambda h, by, code, other: h.record_contact(by, code, "0912345678"),
    "undo": lambda h, by, code, other: h.undo(by, code),
}
SUPERVISE: dict[str, Call] = {
    # Another's work: one's own case anybody may pass on.
    "assign": lambda h, by, code, other: h.assign(by, code, "colleague"),
    "move": lambda h, by, code, other: h.move(by, code, "cong-vu", "Thuộc tổ kiểm tra"),
    "approve_reply": lambda h, by, code, other: h.approve_reply(by, code, 1),
    "refuse_reply": lambda h, by, code, other: h.refuse_reply(by, code, 1, "Chưa đúng"),
}
# Opens a case and so takes no code.
OPENING = "open_by_staff"
ACTORS = (*(role.value for role in Role), "officer elsewhere", "supervisor elsewhere")


def expected(actor: str, kind: Kind, supervise: bool) -> Outcome:
    """What the permissions say, written down once more."""
    if kind is Kind.denunciation:
        return "through" if actor == "vault" else "unknown"
    if actor == "officer":
        return "forbidden" if supervise else "through"
    return "through" if actor == "supervisor" else "unknown"


@dataclass
class Office:
    """A desk with somebody of each role in the unit that gets the cases, and two elsewhere."""

    cases: Cases
    handling: Handling
    people: dict[str, Person]
    opened: int = 0

    async def open(self, kind: Kind) -> str:
        """The code of a new case."""
        self.opened += 1
        case, _ = await self.cases.open(Draft(kind, "Việc", "Chuyện là thế này", via="page"), key=f"k{self.opened}")
        return case.code

    async def outcome(self, call: Call, actor: str, code: str, other: str) -> Outcome:
        """What comes of a step: a refusal that is no matter of rights is `through`."""
        try:
            await call(self.handling, self.people[actor], code, other)
        except CaseNotFound:
            return "unknown"
        except Forbidden:
            return "forbidden"
        except MotcuaError:
            return "through"
        return "through"


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One desk for all cells of the table."""
    folder: Path = tmp_path_factory.mktemp("steps")
    database = Database(f"sqlite+aiosqlite:///{folder / 'desk.db'}")
    await upgrade(database)
    await units.ensure(database)
    here = (await units.get(database, units.CONTROL)).id
    there = (await units.get(database, "xa-30313")).id
    people = {role.value: await member(database, role.value.replace("_", "-"), (role,), unit=here) for role in Role}
    people["officer elsewhere"] = await member(database, "far", unit=there)
    people["supervisor elsewhere"] = await member(database, "far-chief", (Role.supervisor,), unit=there)
    await member(database, "colleague", unit=here)
    cases = cases_over(database, post=Letters())
    yield Office(cases, Handling(database, cases=cases), people)
    await database.close()


def test_every_step_is_in_the_table() -> None:
    steps = {
        name
        for name, method in inspect.getmembers(Handling, inspect.iscoroutinefunction)
        if not name.startswith("_") and "by" in inspect.signature(method).parameters
    }
    assert steps == {*WORK, *SUPERVISE, OPENING}


@pytest.mark.parametrize("kind", [Kind.feedback, Kind.denunciation])
async def test_each_role_may_do_its_steps_and_no_other(office: Office, kind: Kind) -> None:
    wrong = []
    other = await office.open(kind)
    for name, call in {**WORK, **SUPERVISE}.items():
        shared = await office.open(kind)
        for actor in ACTORS:
            right = expected(actor, kind, name in SUPERVISE)
            # What goes through changes its case.
            code = await office.open(kind) if right == "through" else shared
            got = await office.outcome(call, actor, code, other)
            if got != right:
                wrong.append(f"{actor} {name}: {got} instead of {right}")
    assert wrong == []


@pytest.mark.parametrize("kind", [Kind.feedback, Kind.denunciation])
async def test_only_who_works_on_cases_takes_them_in_at_the_desk(office: Office, kind: Kind) -> None:
    workers = {"officer", "supervisor", "officer elsewhere", "supervisor elsewhere"}
    may = {"vault"} if kind is Kind.denunciation else workers
    draft = Draft(kind, "Việc", "Chuyện là thế này", via="desk")
    for actor in ACTORS:
        work = office.handling.open_by_staff(office.people[actor], draft, key=f"{kind} {actor}")
        if actor in may:
            assert (await work)[0].kind is kind
        else:
            with pytest.raises(Forbidden):
                await work
