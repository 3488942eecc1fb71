"""A desk with its people and a way to citizens, for tests of what staff do with cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from desk import audit, units
from desk.cases import Case, Cases, Draft
from desk.handling import Handling
from desk.kinds import Kind
from desk.staff import Person, Role
from store.engine import Database
from store.migrate import upgrade
from tests.support.cases import Letters, cases_over, conversation
from tests.support.takeover import member

RUBBISH = Draft(Kind.feedback, "Rác trước chợ", "Rác chất đống ba ngày nay không ai lấy", place_text="chợ Mỹ Bình")
FAMILY = Draft(Kind.complaint, "Từ chối cấp đổi sổ đỏ", "Văn phòng từ chối hồ sơ cấp đổi của tôi không nêu lý do")
CRIME = Draft(Kind.denunciation, "Cán bộ nhận tiền", "Ông X nhận tiền để bỏ qua vi phạm", via="page")


@dataclass
class Office:
    """A desk with its people."""

    database: Database
    cases: Cases
    handling: Handling
    letters: Letters
    lan: Person
    minh: Person
    chi: Person
    new: Person
    vault: Person
    admin: Person
    opened: int = 0

    async def open(self, draft: Draft = RUBBISH, **values: object) -> Case:
        """A case of a citizen in the web chat."""
        self.opened += 1
        if draft.kind is not Kind.denunciation and "conversation_id" not in values:
            citizen, talk = await conversation(self.database, f"citizen{self.opened}")
            values.update(citizen_id=citizen, conversation_id=talk)
        case, _pin = await self.cases.open(replace(draft, **values), key=f"k{self.opened}")  # type: ignore[arg-type]
        return case

    async def told(self, case: Case) -> list[str]:
        """What went out to the citizen's conversation."""
        assert case.conversation_id is not None
        return await self.letters.sent(self.database, case.conversation_id)

    async def actions(self, case: Case) -> list[str]:
        """What the log says was done with a case."""
        return [entry.action for entry in await audit.of(self.database, f"case:{case.id}")]


@asynccontextmanager
async def running_office(folder: Path) -> AsyncIterator[Office]:
    """A desk inside the block; at its end the log must be whole."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'desk.db'}")
    await upgrade(database)
    await units.ensure(database)
    letters = Letters()
    cases = cases_over(database, post=letters)
    yield Office(
        database,
        cases,
        Handling(database, cases=cases),
        letters,
        lan=await member(database, "lan"),
        minh=await member(database, "minh"),
        chi=await member(database, "chi", (Role.supervisor,)),
        new=await member(database, "new", reviewed=True),
        vault=await member(database, "kho", (Role.vault,)),
        admin=await member(database, "admin", (Role.administrator,)),
    )
    assert (await audit.verify(database)).broken is None
    await database.close()
