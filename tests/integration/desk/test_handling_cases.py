"""Cases that belong together, their facts, what can be taken back, and the citizen's own steps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from desk import audit, units
from desk.access import Forbidden
from desk.cases import Case, CaseNotFound, Draft
from desk.dossier import dossier
from desk.handling import Handling
from desk.kinds import Kind, State
from desk.settings import DeskSettings
from store.errors import Conflict, Invalid
from store.tables import audit as log
from store.tables import case_messages, case_tallies, conversations, now
from tests.support.cases import SEAL, conversation
from tests.support.handling import FAMILY, RUBBISH, Office, running_office


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One desk for the tests of this file; each opens cases of its own."""
    async with running_office(tmp_path_factory.mktemp("handling")) as made:
        yield made


# Cases that belong together


async def test_a_duplicate_is_merged_and_its_citizen_gets_the_answer_too(office: Office) -> None:
    lead, twin = await office.open(), await office.open()
    merged = await office.handling.merge(office.lan, twin.code, lead.code)
    assert (merged.state, merged.merged_into, merged.due_at) == (State.merged, lead.id, None)
    assert lead.code not in "".join(await office.told(twin))
    await office.cases.add(twin.code, "Hôm nay vẫn còn rác", key="m1")
    page = await dossier(office.database, lead.code, office.lan, seal=SEAL)
    assert [message.text for message in page.messages if message.purpose == "word"] == ["Hôm nay vẫn còn rác"]
    assert [joined.code for joined in page.merged] == [twin.code]
    await office.handling.reply(office.lan, lead.code, "Đã dọn.", final=True)
    assert "Đã dọn." in (await office.told(twin))[-1]
    assert (await office.cases.show(twin.code)).state is State.merged
    for wrong in (lead.code, twin.code, "MC-222222"):
        with pytest.raises((Conflict, CaseNotFound)):
            await office.handling.merge(office.lan, lead.code, wrong)


async def test_merged_cases_follow_where_their_case_is_merged_to(office: Office) -> None:
    one, two, three = [await office.open() for _ in range(3)]
    await office.handling.merge(office.lan, one.code, two.code)
    await office.handling.merge(office.lan, two.code, three.code)
    assert (await office.cases.show(one.code)).merged_into == three.id
    assert (await office.cases.reopen(one.code, "Vẫn chưa xong", key="j1")).id == three.id


async def test_many_cases_of_one_matter_get_one_answer(office: Office) -> None:
    lead, *rest = [await office.open(FAMILY) for _ in range(4)]
    for case in rest:
        await office.handling.link(office.lan, case.code, lead.code)
    with pytest.raises(Conflict):
        await office.handling.link(office.lan, lead.code, rest[0].code)
    await office.handling.unlink(office.lan, rest[2].code)
    await office.handling.pause(office.lan, rest[1].code, "Chờ")
    with pytest.raises(Conflict):
        await office.handling.answer_linked(office.lan, rest[2].code, "x")
    done = await office.handling.answer_linked(office.lan, lead.code, "Văn phòng đã nhận lại hồ sơ.")
    assert done.id == lead.id
    for case in (lead, *rest[:2]):
        assert (await office.cases.show(case.code)).state is State.answered
        assert any("nhận lại hồ sơ" in text for text in await office.told(case))
    assert (await office.cases.show(rest[2].code)).state is State.received


async def test_similar_open_cases_are_shown(office: Office) -> None:
    words = "Cột điện nghiêng sắp đổ trước trường tiểu học Nguyễn Huệ"
    one = await office.open(Draft(Kind.feedback, "Cột điện nghiêng", words))
    twin = await office.open(Draft(Kind.feedback, "Trụ điện", words.lower().replace("nghiêng", "xiêu")))
    page = await dossier(office.database, one.code, office.lan, seal=SEAL)
    assert [alike.code for alike in page.similar] == [twin.code]


# Facts


async def test_facts_are_set_right_and_another_kind_has_other_clocks(office: Office) -> None:
    case = await office.open()
    with pytest.raises(Invalid):
        await office.handling.set_facts(office.lan, case.code, place_code="no such place")
    with pytest.raises(Invalid):
        await office.handling.set_facts(office.lan, case.code, complexity="complex")
    fixed = await office.handling.set_facts(
        office.lan, case.code, place_code="30307", office="UBND phường", procedure_code="1.001193", remote_area=True,
        complexity="complex", reason="Liên quan nhiều hộ",
    )  # fmt: skip
    assert (fixed.place_code, fixed.office, fixed.procedure_code) == ("30307", "UBND phường", "1.001193")
    assert (fixed.remote_area, fixed.complexity) == (True, "complex")
    changed = await office.handling.set_facts(office.lan, case.code, kind=Kind.complaint)
    assert changed.kind is Kind.complaint
    page = await dossier(office.database, case.code, office.lan, seal=SEAL)
    assert {clock.rule for clock in page.clocks if clock.outcome is None} == {"complaint_contact", "complaint_answer"}
    with pytest.raises(Conflict):
        await office.handling.set_facts(office.lan, case.code, kind=Kind.denunciation)
    cleared = await office.handling.set_facts(office.lan, case.code, office="")
    assert cleared.office is None


async def test_a_filed_complaint_has_its_legal_clock(office: Office) -> None:
    case = await office.open(FAMILY)
    with pytest.raises(Invalid):
        await office.handling.start_legal_clock(office.lan, case.code, date(2999, 1, 1))
    with pytest.raises(Invalid):
        await office.handling.start_legal_clock(office.lan, (await office.open()).code, date(2026, 1, 1))
    day = (datetime.now(UTC) - timedelta(days=2)).date()
    filed = await office.handling.start_legal_clock(office.lan, case.code, day)
    assert filed.legal_from is not None
    assert f"{day:%d/%m/%Y}" in (await office.told(case))[-1]
    with pytest.raises(Conflict):
        await office.handling.start_legal_clock(office.lan, case.code, day)
    await office.handling.accept(office.lan, case.code)
    page = await dossier(office.database, case.code, office.lan, seal=SEAL)
    running = {clock.rule for clock in page.clocks if clock.outcome is None}
    assert "complaint_resolution" in running
    assert "complaint_acceptance" not in running


async def test_contacts_are_sealed_and_never_logged(office: Office) -> None:
    case = await office.open()
    kept = await office.handling.record_contact(office.lan, case.code, "0912345678")
    assert office.cases.contact(kept) == "0912345678"
    assert "0912345678" not in str(kept.contact)
    entries = await audit.of(office.database, f"case:{case.id}")
    assert "0912345678" not in str(entries)
    assert (await dossier(office.database, case.code, office.lan, seal=SEAL)).contact == "0912345678"


# Taking back


@pytest.mark.parametrize("step", ["take", "note", "begin", "pause", "move", "link", "propose"])
async def test_the_last_step_is_taken_back_when_the_citizen_was_not_told(office: Office, step: str) -> None:
    case = await office.open(Draft(Kind.question, "Hỏi", f"Câu hỏi {step}"), conversation_id=None, via="desk")
    other = await office.open(Draft(Kind.question, "Hỏi", "Câu hỏi khác"))
    before = await office.cases.show(case.code)
    by = {"move": office.chi, "propose": office.new}.get(step, office.lan)
    work: dict[str, Callable[[], Awaitable[Case]]] = {
        "take": lambda: office.handling.take(by, case.code),
        "note": lambda: office.handling.note(by, case.code, "ghi chú"),
        "begin": lambda: office.handling.begin(by, case.code),
        "pause": lambda: office.handling.pause(by, case.code, "Chờ"),
        "move": lambda: office.handling.move(by, case.code, units.CENTRE, "Đúng nơi"),
        "link": lambda: office.handling.link(by, case.code, other.code),
        "propose": lambda: office.handling.reply(by, case.code, "Xin chào"),
    }
    await work[step]()
    with pytest.raises(Conflict):
        await office.handling.undo(office.minh, case.code)
    assert (await dossier(office.database, case.code, by, seal=SEAL)).undoable is not None
    back = await office.handling.undo(by, case.code)
    assert replace(back, version=0, changed_at=before.changed_at) == replace(before, version=0)
    page = await dossier(office.database, case.code, by, seal=SEAL)
    assert (page.messages, page.undoable) == ((), None)
    assert all(not clock.paused for clock in page.clocks)
    with pytest.raises(Conflict):
        await office.handling.undo(by, case.code)


async def test_what_the_citizen_was_told_is_not_taken_back(office: Office) -> None:
    case = await office.open()
    await office.handling.begin(office.lan, case.code)
    with pytest.raises(Conflict):
        await office.handling.undo(office.lan, case.code)
    await office.handling.reply(office.lan, case.code, "Đã xong.", final=True)
    with pytest.raises(Conflict):
        await office.handling.undo(office.lan, case.code)


async def test_a_step_is_not_taken_back_after_a_while(office: Office) -> None:
    case = await office.open()
    await office.handling.take(office.lan, case.code)
    quick = DeskSettings()
    quick.delivery.undo_minutes = 1e-9
    late = Handling(office.database, cases=office.cases, settings=quick)
    with pytest.raises(Conflict):
        await late.undo(office.lan, case.code)


# The citizen's side


async def test_a_rating_counts_once_and_may_be_changed(office: Office) -> None:
    case = await office.open()
    await office.handling.reply(office.lan, case.code, "Đã xong.", final=True)

    async def sums() -> tuple[int, int]:
        async with office.database.connect() as connection:
            row = await connection.execute(
                select(func.sum(case_tallies.c.ratings), func.sum(case_tallies.c.rating_sum)).where(
                    case_tallies.c.dimension == "all"
                )
            )
            ratings, stars = row.one()
            return ratings, stars

    ratings, stars = await sums()
    for wrong in (0, 6, -1, True):
        with pytest.raises(Invalid):
            await office.cases.rate(case.code, wrong, key="r0")
    await office.cases.rate(case.code, 2, key="r1")
    await office.cases.rate(case.code, 2, key="r1")
    rated = await office.cases.rate(case.code, 5, "Nhanh lắm", key="r2")
    assert (rated.rating, rated.rating_comment) == (5, "Nhanh lắm")
    assert (await office.cases.comment(case.code, "Cảm ơn", key="r3")).rating_comment == "Cảm ơn"
    with pytest.raises(Invalid):
        await office.cases.comment(case.code, " ", key="r4")
    assert await sums() == (ratings + 1, stars + 5)
    assert "Nhanh lắm" not in str(await audit.of(office.database, f"case:{case.id}"))


async def test_nothing_is_added_to_a_finished_case_without_reopening_it(office: Office) -> None:
    case = await office.open()
    await office.handling.refuse(office.lan, case.code, "Không rõ")
    with pytest.raises(Conflict, match="mở lại"):
        await office.cases.add(case.code, "Tôi bổ sung", key="a1")
    again = await office.cases.reopen(case.code, "Tôi bổ sung", key="a1")
    assert again.state is State.reopened
    assert [said.text for said in await office.cases.messages_for_citizen(case)][1] == "Tôi bổ sung"


async def test_staff_take_cases_in_at_the_desk(office: Office) -> None:
    draft = replace(RUBBISH, via="desk", contact="0912345678", detail={"in_person": True})
    case, pin = await office.handling.open_by_staff(office.lan, draft, key="desk1")
    assert (case.via, len(pin)) == ("desk", 6)
    assert (await audit.of(office.database, f"case:{case.id}"))[0].actor == "lan"
    with pytest.raises(Forbidden):
        await office.handling.open_by_staff(office.admin, draft, key="desk2")


@pytest.mark.parametrize(
    ("values", "window", "sent"),
    [
        ({"last_inbound_at": timedelta(hours=47)}, "free", True),
        ({"last_inbound_at": timedelta(hours=49)}, "paid", False),
        ({"last_inbound_at": timedelta(days=8)}, "closed", False),
        ({"last_inbound_at": None}, "closed", False),
        ({"last_inbound_at": timedelta(0), "reachable": False}, "closed", False),
    ],
)
async def test_zalo_carries_replies_while_its_window_is_open_and_the_page_keeps_the_rest(
    office: Office, values: dict[str, object], window: str, sent: bool
) -> None:
    citizen, talk = await conversation(office.database, f"z{office.opened}{window}", channel="zalo_oa")
    ago = values["last_inbound_at"]
    row = {**values, "last_inbound_at": now() - ago if isinstance(ago, timedelta) else None}
    async with office.database.begin() as connection:
        await connection.execute(update(conversations).where(conversations.c.id == talk).values(**row))
    case = await office.open(RUBBISH, citizen_id=citizen, conversation_id=talk)
    assert (await dossier(office.database, case.code, office.lan, seal=SEAL)).window == window
    await office.handling.reply(office.lan, case.code, "Đã xong.", final=True)
    assert bool(await office.told(case)) is sent
    assert "Đã xong." in [said.text for said in await office.cases.messages_for_citizen(case)]


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 8_001])
async def test_an_empty_or_endless_word_is_refused(office: Office, text: str) -> None:
    case = await office.open()
    for step in (
        office.handling.reply(office.lan, case.code, text),
        office.handling.note(office.lan, case.code, text),
        office.handling.ask_information(office.lan, case.code, text),
    ):
        with pytest.raises(Invalid):
            await step
    assert await office.actions(case) == ["received"]


async def test_a_failure_on_the_way_takes_everything_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await office.open()

    async def fails(*_args: object, **_more: object) -> int:
        raise RuntimeError("no outbox")

    monkeypatch.setattr(office.letters, "write", fails)
    with pytest.raises(RuntimeError):
        await office.handling.reply(office.lan, case.code, "Đã xong.", final=True)
    assert await office.cases.show(case.code) == case
    async with office.database.connect() as connection:
        kept = await connection.scalar(select(func.count()).where(case_messages.c.case_id == case.id))
        logged = await connection.scalar(select(func.count()).where(log.c.subject == f"case:{case.id}"))
    assert (kept, logged) == (0, 1)
