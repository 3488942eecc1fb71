"""The clocks of cases: which start when, what stops them, what the calendar, warnings and apologies do to them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from sqlalchemy import select, update

from desk import apology, audit, calendar_days, case_clocks, extension, privacy, reminders, units
from desk.access import Forbidden
from desk.calendar import VIET_NAM
from desk.cases import Case, CaseNotFound, Cases, Draft
from desk.handling import Handling
from desk.kinds import Kind, State
from desk.settings import ClockSettings, Figure
from desk.staff import Person, Role
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.migrate import upgrade
from store.tables import case_clocks as clock_rows
from store.tables import case_messages, conversations, outbox
from store.tables import cases as case_rows
from tests.support.cases import Letters, cases_over, conversation
from tests.support.takeover import member
from tests.support.waiting import eventually

WORDS = "Đèn đường trước chợ hỏng đã một tuần, buổi tối đi rất nguy hiểm"


@dataclass
class Room:
    """A desk whose cases are put back in time at will."""

    database: Database
    cases: Cases
    handling: Handling
    lan: Person
    chi: Person
    new: Person
    vault: Person
    opened: int = 0

    async def open(self, kind: Kind = Kind.feedback, at: str = "2026-07-06T09:00", **values: Any) -> Case:
        """A case that came in at a moment of Viet Nam time."""
        self.opened += 1
        case, _pin = await self.cases.open(Draft(kind, "Đèn đường hỏng", WORDS, **values), key=f"k{self.opened}")
        async with self.database.begin() as connection:
            row = case_rows.c.id == case.id
            await connection.execute(update(case_rows).where(row).values(created_at=moment(at)))
            started = {"started_at": moment(at)}
            await connection.execute(update(clock_rows).where(clock_rows.c.case_id == case.id).values(**started))
            await case_clocks.recount(connection, case.id)
        return await self.case(case)

    async def case(self, case: Case) -> Case:
        """The case as it stands."""
        return await self.cases.show(case.code, vault=True)

    async def clocks(self, case: Case) -> dict[str, tuple[str | None, str | None]]:
        """Each clock of a case: when it is due (Viet Nam time), and its outcome."""
        return {
            clock.rule: (f"{clock.due_at.astimezone(VIET_NAM):%Y-%m-%dT%H:%M}" if clock.due_at else None, clock.outcome)
            for clock in await case_clocks.explain(self.database, case)
        }

    async def notes(self, case: Case) -> list[str]:
        """What staff read in the case, oldest first."""
        wanted = select(case_messages.c.text).where(
            case_messages.c.case_id == case.id, case_messages.c.visibility == "internal"
        )
        async with self.database.connect() as connection:
            return list(await connection.scalars(wanted.order_by(case_messages.c.id)))


@pytest.fixture(scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    """One desk for the tests of this file; each opens cases of its own."""
    folder: Path = tmp_path_factory.mktemp("clocks")
    database = Database(f"sqlite+aiosqlite:///{folder / 'desk.db'}")
    await upgrade(database)
    await units.ensure(database)
    cases = cases_over(database, post=Letters())
    yield Room(
        database,
        cases,
        Handling(database, cases=cases),
        lan=await member(database, "lan"),
        chi=await member(database, "chi", (Role.supervisor,)),
        new=await member(database, "new", reviewed=True),
        vault=await member(database, "kho", (Role.vault,)),
    )
    assert (await audit.verify(database)).broken is None
    await database.close()


# Which clocks run


@pytest.mark.parametrize(
    ("kind", "detail", "expected"),
    [
        (Kind.question, None, {"question_answer": ("2026-07-08T09:00", None)}),
        (
            Kind.feedback,
            None,
            {"feedback_forward": ("2026-07-13T17:00", None), "feedback_answer": ("2026-07-20T17:00", None)},
        ),
        (
            Kind.feedback,
            {"in_person": True},
            {
                "feedback_forward": ("2026-07-13T17:00", None),
                "feedback_answer": ("2026-07-20T17:00", None),
                "in_person_reply": ("2026-07-20T17:00", None),
            },
        ),
        (
            Kind.complaint,
            None,
            {"complaint_contact": ("2026-07-08T17:00", None), "complaint_answer": ("2026-07-20T17:00", None)},
        ),
        (Kind.denunciation, None, {"denunciation_contact": ("2026-07-08T17:00", None)}),
        (
            Kind.data_request,
            {"request": "erasure"},
            {"data_acknowledge": ("2026-07-08T17:00", None), "data_erasure": ("2026-07-27T17:00", None)},
        ),
        (
            Kind.data_request,
            {"request": "something else"},
            {"data_acknowledge": ("2026-07-08T17:00", None), "data_access": ("2026-07-16T17:00", None)},
        ),
    ],
)
async def test_each_kind_has_its_clocks_from_its_receipt_on(
    room: Room, kind: Kind, detail: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    case = await room.open(kind, detail=detail)
    assert await room.clocks(case) == expected
    assert case.due_at == min(moment(due) for due, _outcome in expected.values())


async def test_a_filed_complaint_goes_from_acceptance_to_resolution_under_the_law_of_each_day(room: Room) -> None:
    case = await room.open(Kind.complaint)
    filed = await room.handling.start_legal_clock(room.lan, case.code, date(2026, 6, 30))
    assert await room.clocks(case) == {
        "complaint_acceptance": ("2026-07-10T17:00", None),
        "complaint_contact": ("2026-07-08T17:00", "dropped"),
        "complaint_answer": ("2026-07-20T17:00", "dropped"),
    }
    assert filed.due_at == moment("2026-07-10T17:00")
    await room.handling.accept(room.lan, case.code)
    clocks = await room.clocks(case)
    # Accepted long after 10 July; the resolution runs from the day of acceptance.
    assert clocks["complaint_acceptance"] == ("2026-07-10T17:00", "missed")
    assert clocks["complaint_resolution"][1] is None
    explained = {clock.rule: clock for clock in await case_clocks.explain(room.database, case)}
    assert "Điều 27" in explained["complaint_acceptance"].law
    answered = await room.handling.reply(room.lan, case.code, "Đã giải quyết.", final=True)
    assert answered.on_time is False
    assert answered.due_at is None


async def test_a_complaint_that_is_filed_while_it_is_worked_on_is_due_from_its_filing(room: Room) -> None:
    case = await room.open(Kind.complaint, detail={"round": 2})
    await room.handling.accept(room.lan, case.code)
    await room.handling.start_legal_clock(room.lan, case.code, date(2026, 6, 15))
    assert (await room.clocks(case))["complaint_resolution_second"] == ("2026-07-30T17:00", None)


async def test_work_that_is_done_in_time_meets_its_clocks(room: Room) -> None:
    case, _pin = await room.cases.open(Draft(Kind.feedback, "Rác", WORDS), key="in time")
    await room.handling.accept(room.lan, case.code)
    assert {rule: outcome for rule, (_due, outcome) in (await room.clocks(case)).items()} == {
        "feedback_forward": "met",
        "feedback_answer": None,
    }
    answered = await room.handling.reply(room.lan, case.code, "Đã dọn.", final=True)
    assert answered.on_time is True
    assert {outcome for _due, outcome in (await room.clocks(case)).values()} == {"met"}


async def test_what_is_done_on_the_last_evening_is_in_time(room: Room) -> None:
    case = await room.open()
    async with room.database.begin() as connection:
        late = await case_clocks.stop(connection, case.id, "feedback_forward", "met", moment("2026-07-13T23:30"))
    assert late is True
    async with room.database.begin() as connection:
        late = await case_clocks.stop(connection, case.id, "feedback_answer", "met", moment("2026-07-21T00:10"))
    assert late is False


async def test_a_stop_moves_only_the_clocks_that_the_law_lets_stand_still(room: Room) -> None:
    case = await room.open()
    async with room.database.begin() as connection:
        on = await case_clocks.pause(connection, case.id, "chờ giám định", moment("2026-07-08T10:00"))
    assert on == ("Xem xét phản ánh, kiến nghị và chuyển cơ quan có thẩm quyền",)
    assert await room.clocks(case) == {
        "feedback_forward": ("2026-07-13T17:00", None),
        "feedback_answer": (None, None),
    }
    async with room.database.begin() as connection:
        await case_clocks.resume(connection, case.id, moment("2026-07-13T09:00"))
    assert (await room.clocks(case))["feedback_answer"] == ("2026-07-23T17:00", None)
    [clock] = [each for each in await case_clocks.explain(room.database, case) if each.rule == "feedback_answer"]
    assert any("chờ giám định" in step.text and "3 ngày làm việc" in step.text for step in clock.steps)


@pytest.mark.parametrize(("filed", "stands"), [(date(2026, 6, 29), False), (date(2026, 7, 1), True)])
async def test_a_complaint_may_be_suspended_only_since_the_law_knows_it(room: Room, filed: date, stands: bool) -> None:
    case = await room.open(Kind.complaint)
    await room.handling.accept(room.lan, case.code)
    await room.handling.start_legal_clock(room.lan, case.code, filed)
    async with room.database.begin() as connection:
        await case_clocks.pause(connection, case.id, "tạm đình chỉ", moment("2026-07-10T09:00"))
    assert ((await room.clocks(case))["complaint_resolution"][0] is None) is stands


async def test_asking_the_citizen_stops_what_the_desk_set_itself_and_not_the_law(room: Room) -> None:
    case, _pin = await room.cases.open(Draft(Kind.complaint, "Sổ đỏ", WORDS), key="asked in time")
    filed, _pin = await room.cases.open(Draft(Kind.complaint, "Sổ đỏ", WORDS), key="filed and asked")
    await room.handling.start_legal_clock(room.lan, filed.code, datetime.now(VIET_NAM).date())
    await room.handling.ask_information(room.lan, filed.code, "Anh/chị cho biết số hồ sơ.")
    assert (await room.case(filed)).due_at is not None
    await room.handling.ask_information(room.lan, case.code, "Anh/chị cho biết số hồ sơ.")
    assert {due for due, _outcome in (await room.clocks(case)).values()} == {None}
    assert (await room.case(case)).due_at is None
    await room.cases.add(case.code, "Số hồ sơ là 12.", key="answer of citizen")
    assert (await room.case(case)).due_at is not None


async def test_facts_of_the_case_change_its_date(room: Room) -> None:
    case = await room.open(Kind.complaint)
    await room.handling.accept(room.lan, case.code)
    await room.handling.start_legal_clock(room.lan, case.code, date(2026, 7, 1))
    assert (await room.clocks(case))["complaint_resolution"][0] == "2026-07-31T17:00"
    await room.handling.set_facts(room.lan, case.code, remote_area=True)
    assert (await room.clocks(case))["complaint_resolution"][0] == "2026-08-17T17:00"
    await room.handling.set_facts(room.lan, case.code, complexity="complex", reason="Liên quan nhiều cơ quan")
    assert (await room.clocks(case))["complaint_resolution"][0] == "2026-09-03T17:00"


async def test_a_reopened_case_has_a_clock_again(room: Room) -> None:
    case, _pin = await room.cases.open(Draft(Kind.feedback, "Rác", WORDS), key="reopened one")
    await room.handling.reply(room.lan, case.code, "Đã dọn.", final=True)
    reopened = await room.cases.reopen(case.code, "Vẫn còn rác.", key="again")
    assert reopened.due_at is not None
    running = [clock for clock in await case_clocks.explain(room.database, case) if clock.outcome is None]
    assert [clock.rule for clock in running] == ["feedback_answer"]


async def test_figures_of_the_settings_are_used_and_named(room: Room) -> None:
    own = Figure(amounts=[15], source="Quyết định 9/QĐ-UBND", verified=True)
    case_clocks.configure(ClockSettings(figures={"feedback_answer": own}))
    try:
        case = await room.open()
        assert (await room.clocks(case))["feedback_answer"] == ("2026-07-27T17:00", None)
        [clock] = [each for each in await case_clocks.explain(room.database, case) if each.rule == "feedback_answer"]
        assert clock.verified
        assert "Quyết định 9" in clock.source
    finally:
        case_clocks.configure(ClockSettings())


@pytest.mark.parametrize(
    "settings",
    [
        ClockSettings(figures={"no_such_rule": Figure(amounts=[5], source="x")}),
        ClockSettings(figures={"complaint_acceptance": Figure(amounts=[30], source="x")}),
        ClockSettings(hours={"1": ["25:00-26:00"]}),
    ],
)
def test_settings_that_cannot_be_used_stop_the_start(settings: ClockSettings) -> None:
    with pytest.raises(Invalid, match="MOTCUA_DESK__CLOCKS__"):
        case_clocks.configure(settings)


async def test_garbage_is_refused_and_changes_nothing(room: Room) -> None:
    case = await room.open()
    before = await room.clocks(case)
    async with room.database.begin() as connection:
        with pytest.raises(Invalid, match="Không có quy tắc"):
            await case_clocks.start(connection, case.id, "no_such_rule", moment("2026-07-06T09:00"))
        with pytest.raises(Invalid, match="Chưa có quy định"):
            await case_clocks.start(connection, case.id, "complaint_acceptance", moment("1999-07-06T09:00"))
        with pytest.raises(Invalid, match="lý do"):
            await case_clocks.extend(connection, case.id, "feedback_answer", " ", "lan", case.created_at)
        with pytest.raises(Invalid, match="không đang chạy"):
            await case_clocks.extend(connection, case.id, "data_access", "bận", "lan", case.created_at)
        with pytest.raises(Conflict):
            await case_clocks.extend(connection, case.id, "feedback_forward", "bận", "lan", case.created_at)
    assert await room.clocks(case) == before


# Extensions


async def test_an_extension_is_the_supervisors_told_and_given_as_often_as_the_law_says(room: Room) -> None:
    citizen, talk = await conversation(room.database, "extended")
    case = await room.open(citizen_id=citizen, conversation_id=talk)
    with pytest.raises(Forbidden):
        await extension.extend(room.handling, room.lan, case.code, "feedback_answer", "Phải đi thực tế")
    await extension.extend(room.handling, room.chi, case.code, "feedback_answer", "Phải đi thực tế")
    assert (await room.clocks(case))["feedback_answer"] == ("2026-08-03T17:00", None)
    [clock] = [each for each in await case_clocks.explain(room.database, case) if each.rule == "feedback_answer"]
    assert any("Phải đi thực tế" in step.text for step in clock.steps)
    assert "Phải đi thực tế" in (await sent(room, talk))[-1]
    with pytest.raises(Conflict, match="không cho gia hạn"):
        await extension.extend(room.handling, room.chi, case.code, "feedback_answer", "Lần nữa")
    for rule, reason in (("no_such", "x"), ("feedback_answer", "")):
        with pytest.raises(Invalid):
            await extension.extend(room.handling, room.chi, case.code, rule, reason)
    crime = await room.open(Kind.denunciation)
    with pytest.raises(CaseNotFound):
        await extension.extend(room.handling, room.chi, crime.code, "denunciation_contact", "x")


# The calendar's own rows


async def test_a_day_off_moves_the_running_deadlines_and_back(room: Room) -> None:
    case = await room.open()
    settled = await room.open()
    async with room.database.begin() as connection:
        await case_clocks.drop(connection, settled.id, moment("2026-07-07T09:00"))
    row = await calendar_days.add(
        room.database, date(2026, 7, 10), False, note="Nghỉ do bão", source="Công điện 1", actor="chi"
    )
    assert await room.clocks(case) == {
        "feedback_forward": ("2026-07-14T17:00", None),
        "feedback_answer": ("2026-07-21T17:00", None),
    }
    assert (await room.clocks(settled))["feedback_forward"] == ("2026-07-13T17:00", "dropped")
    [clock] = [each for each in await case_clocks.explain(room.database, case) if each.rule == "feedback_forward"]
    assert any("Nghỉ do bão" in step.text for step in clock.steps)
    [ended] = [each for each in await case_clocks.explain(room.database, settled) if each.rule == "feedback_forward"]
    assert "17:00 13/07/2026" in ended.steps[-1].text
    with pytest.raises(Conflict):
        await calendar_days.add(room.database, date(2026, 7, 10), True, note="x", source="y", actor="chi")
    await calendar_days.end(room.database, row.id, actor="chi")
    assert (await room.clocks(case))["feedback_forward"] == ("2026-07-13T17:00", None)
    with pytest.raises(NotFound):
        await calendar_days.end(room.database, row.id, actor="chi")


async def test_a_row_of_one_unit_moves_its_own_cases_only(room: Room) -> None:
    here, there = await room.open(), await room.open()
    unit = await units.get(room.database, "cong-vu")
    await room.handling.move(room.chi, here.code, "cong-vu", "Về thái độ cán bộ")
    row = await calendar_days.add(
        room.database, date(2026, 7, 9), False, note="Dời trụ sở", source="TB 2", actor="chi", unit_id=unit.id
    )
    assert (await room.clocks(here))["feedback_forward"] == ("2026-07-14T17:00", None)
    assert (await room.clocks(there))["feedback_forward"] == ("2026-07-13T17:00", None)
    assert row in await calendar_days.list_(room.database, unit_id=unit.id)
    other = await units.get(room.database, "kstthc")
    assert row not in await calendar_days.list_(room.database, unit_id=other.id)
    with pytest.raises(NotFound):
        await calendar_days.end(room.database, row.id, actor="x", unit_id=other.id)
    await calendar_days.end(room.database, row.id, actor="chi", unit_id=unit.id)


@pytest.mark.parametrize(
    "values",
    [
        {"day": date(1990, 1, 1)},
        {"day": date(2200, 1, 1)},
        {"note": " "},
        {"source": ""},
        {"note": "x" * 301},
    ],
)
async def test_a_row_without_its_reason_and_source_is_refused(room: Room, values: dict[str, Any]) -> None:
    given = {"day": date(2026, 7, 10), "note": "Nghỉ", "source": "TB 3", **values}
    with pytest.raises(Invalid):
        await calendar_days.add(room.database, given.pop("day"), False, actor="chi", **given)
    with pytest.raises(NotFound):
        await calendar_days.add(
            room.database, date(2026, 7, 10), False, note="Nghỉ", source="x", actor="chi", unit_id=10**9
        )


# Warnings, escalation, the question, closing


async def test_a_deadline_is_warned_of_once_then_escalated_once(room: Room) -> None:
    case = await room.open(at="2026-07-06T09:00")
    book = room.cases.book
    version = case.version
    for at in ("2026-07-09T09:00", "2026-07-10T09:00", "2026-07-10T09:01", "2026-07-13T09:00"):
        await reminders.mind(book, at=moment(at))
    assert await room.notes(case) == [
        "Sắp đến hạn 17:00 ngày 13/07/2026: Xem xét phản ánh, kiến nghị và chuyển cơ quan có thẩm quyền. Phiếu chưa có "
        "người xử lý."
    ]
    for at in ("2026-07-13T17:01", "2026-07-13T17:02"):
        await reminders.mind(book, at=moment(at))
    notes = await room.notes(case)
    assert len(notes) == 2
    assert notes[1].startswith("Đã qua hạn 17:00 ngày 13/07/2026")
    told = await room.case(case)
    assert (told.warned_at, told.escalated_at) == (moment("2026-07-10T09:00"), moment("2026-07-13T17:01"))
    # A form that somebody is filling in meanwhile still counts.
    assert told.version == version
    actions = [entry.action for entry in await audit.of(room.database, f"case:{case.id}")]
    assert actions[-2:] == ["warned", "escalated"]


async def test_a_deadline_that_moved_is_warned_of_again(room: Room) -> None:
    case = await room.open(at="2026-03-02T09:00")
    await reminders.mind(room.cases.book, at=moment("2026-03-06T09:00"))
    assert (await room.case(case)).warned_at is not None
    row = await calendar_days.add(room.database, date(2026, 3, 5), False, note="Nghỉ bù", source="TB 4", actor="chi")
    assert (await room.case(case)).warned_at is None
    await reminders.mind(room.cases.book, at=moment("2026-03-09T09:00"))
    assert len(await room.notes(case)) == 2
    await calendar_days.end(room.database, row.id, actor="chi")


async def test_after_an_answer_the_citizen_is_asked_once_and_the_case_closed_later(room: Room) -> None:
    citizen, talk = await conversation(room.database, "asked")
    case = await room.open(citizen_id=citizen, conversation_id=talk)
    await room.handling.reply(room.lan, case.code, "Đã sửa đèn.", final=True)
    book, answered = room.cases.book, datetime.now(UTC)
    before = len(await sent(room, talk))
    await reminders.mind(book, at=answered + timedelta(days=2))
    assert len(await sent(room, talk)) == before
    for owner, asked in (("desk", 0), ("bot", 1)):
        async with room.database.begin() as connection:
            await connection.execute(update(conversations).values(owner=owner))
        await reminders.mind(book, at=answered + timedelta(days=3, minutes=1))
        assert len(await sent(room, talk)) == before + asked, "nothing while a person talks with them"
    for _ in range(2):
        await reminders.mind(book, at=answered + timedelta(days=3, minutes=1))
    texts = await sent(room, talk)
    assert len(texts) == before + 1
    assert case.code in texts[-1]
    assert "đã được giải quyết chưa?" in texts[-1]
    assert await last_buttons(room, talk) == [
        f'/solved_case{{"case":"{case.code}","yes":true}}',
        f'/solved_case{{"case":"{case.code}","yes":false}}',
        *(f'/rate_case{{"case":"{case.code}","rating":{number}}}' for number in range(1, 6)),
    ]
    await reminders.mind(book, at=answered + timedelta(days=9))
    assert (await room.case(case)).state is State.answered
    for _ in range(2):
        await reminders.mind(book, at=answered + timedelta(days=10, minutes=1))
    closed = await room.case(case)
    assert closed.state is State.closed
    assert closed.closed_at is not None
    assert len(await sent(room, talk)) == before + 2


async def test_a_denunciation_is_neither_asked_about_nor_closed_by_time(room: Room) -> None:
    case = await room.open(Kind.denunciation)
    await room.handling.reply(room.vault, case.code, "Đã xử lý.", final=True)
    await reminders.mind(room.cases.book, at=datetime.now(UTC) + timedelta(days=100))
    assert (await room.case(case)).state is State.answered
    assert (await room.case(case)).checked_at is None


async def test_a_round_that_fails_does_not_end_the_rounds(room: Room) -> None:
    class Shaky(Database):
        """A database that fails the first time."""

        tries = 0

        def connect(self) -> Any:
            self.tries += 1
            if self.tries == 1:
                raise OSError("the disk is full")
            return super().connect()

    case = await room.open()
    shaky = Shaky(room.database.url)
    rounds = asyncio.create_task(reminders.run(replace(room.cases.book, database=shaky), every_s=0.01))

    async def escalated() -> bool:
        return (await room.case(case)).escalated_at is not None

    await eventually(escalated)
    rounds.cancel()
    await asyncio.gather(rounds, return_exceptions=True)
    await shaky.close()
    assert shaky.tries > 1


# The apology


async def test_a_late_case_gets_one_apology_with_one_new_date(room: Room) -> None:
    citizen, talk = await conversation(room.database, "late")
    case = await room.open(citizen_id=citizen, conversation_id=talk)
    now = datetime.now(UTC)
    draft = await apology.of(room.database, room.lan, case.code, at=now)
    assert draft.given_at is None
    assert draft.new_due_at > now
    day = draft.new_due_at.astimezone(VIET_NAM).date()

    late = await apology.apologise(room.handling, room.lan, case.code, "Chờ Điện lực trả lời.", day)

    assert late.due_at == draft.new_due_at
    told = (await sent(room, talk))[-1]
    assert "Chờ Điện lực trả lời." in told
    assert "xin lỗi anh/chị" in told
    assert f"{day:%d/%m/%Y}" in told
    clocks = {clock.rule: clock for clock in await case_clocks.explain(room.database, case)}
    assert clocks["feedback_forward"].outcome == "missed"
    assert clocks["reappointment"].due_at == draft.new_due_at
    assert not clocks["reappointment"].verified
    with pytest.raises(Conflict, match="hẹn lại một lần"):
        await apology.apologise(room.handling, room.lan, case.code, "Lại trễ", day + timedelta(days=7))
    given = await apology.of(room.database, room.lan, case.code, at=now)
    assert given.reason == "Chờ Điện lực trả lời."
    text = docx_text(given.document)
    assert "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ" in text
    assert case.code in text
    assert "Chờ Điện lực trả lời." in text
    assert "13/07/2026" in text
    answered = await room.handling.reply(room.lan, case.code, "Đã sửa đèn.", final=True)
    # Kept the new date, and was late all the same.
    assert answered.on_time is False
    assert (await room.clocks(case))["reappointment"][1] == "met"
    # The reason is not in the log, which cannot be erased.
    entries = await audit.of(room.database, f"case:{case.id}")
    assert all("Điện lực" not in str(entry.data) for entry in entries)


async def test_the_reasons_go_with_the_words_of_the_case_and_the_dates_stay(room: Room) -> None:
    case = await room.open()
    async with room.database.begin() as connection:
        await case_clocks.pause(connection, case.id, "ông Tư bệnh", moment("2026-07-08T10:00"))
        await case_clocks.resume(connection, case.id, moment("2026-07-13T09:00"))
    await extension.extend(room.handling, room.chi, case.code, "feedback_answer", "Ông Tư nằm viện")
    before = await room.clocks(case)
    day = datetime.now(VIET_NAM).date() + timedelta(days=7)
    while not (await case_clocks.calendar_of(room.database)).is_working(day):
        day += timedelta(days=1)
    await apology.apologise(room.handling, room.lan, case.code, "Ông Tư chưa về", day)
    async with room.database.begin() as connection:
        await privacy.erase_cases(connection, [case.id])
    assert (await room.clocks(case))["feedback_answer"] == (before["feedback_answer"][0], "missed")
    said = "\n".join(step.text for clock in await case_clocks.explain(room.database, case) for step in clock.steps)
    assert privacy.ERASED in said
    assert "Tư" not in said.replace("thứ Tư", "")


async def test_an_apology_that_cannot_stand_is_refused(room: Room) -> None:
    case = await room.open()
    today = datetime.now(VIET_NAM).date()
    monday = today + timedelta(days=7 - today.weekday())
    for reason, day in (
        ("", monday),
        ("Bận", monday - timedelta(days=1)),
        ("Bận", date(2026, 7, 14)),
        ("Bận", monday + timedelta(days=700)),
    ):
        with pytest.raises(Invalid):
            await apology.apologise(room.handling, room.lan, case.code, reason, day)
    with pytest.raises(Conflict, match="nhờ phụ trách"):
        await apology.apologise(room.handling, room.new, case.code, "Bận", monday)
    with pytest.raises(CaseNotFound):
        await apology.apologise(room.handling, room.vault, case.code, "Bận", monday)
    await room.handling.reply(room.lan, case.code, "Xong.", final=True)
    with pytest.raises(Conflict, match="đã xử lý xong"):
        await apology.of(room.database, room.lan, case.code, at=datetime.now(UTC))
    assert (await room.case(case)).state is State.answered


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIET_NAM)


async def sent(room: Room, talk: str) -> list[str]:
    return await Letters().sent(room.database, talk)


async def last_buttons(room: Room, talk: str) -> list[str]:
    wanted = select(outbox.c.body).where(outbox.c.conversation_id == talk).order_by(outbox.c.id.desc()).limit(1)
    async with room.database.connect() as connection:
        body = (await connection.execute(wanted)).scalar_one()
    return [button["id"] for button in body["buttons"]]


def docx_text(data: bytes) -> str:
    document = Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)
