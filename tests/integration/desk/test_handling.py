"""What staff do with cases: who may, what follows what, what the citizen is told, what can be taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from desk import units
from desk.access import Forbidden
from desk.cases import CaseNotFound, Draft
from desk.dossier import dossier
from desk.kinds import Bucket, Kind, State
from store.errors import Conflict, Invalid, NotFound
from store.tables import case_tallies
from store.tables import cases as case_table
from store.tables import units as unit_table
from tests.support.cases import SEAL
from tests.support.handling import CRIME, Office, running_office
from tests.support.takeover import member


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One desk for the tests of this file; each opens cases of its own."""
    async with running_office(tmp_path_factory.mktemp("handling")) as made:
        yield made


# The path of a case


async def test_a_case_goes_from_received_to_closed_and_the_citizen_hears_each_step(office: Office) -> None:
    case = await office.open()
    assert case.due_at is not None
    assert case.unit_id is not None
    taken = await office.handling.take(office.lan, case.code)
    assert (taken.assigned_to, taken.version) == (office.lan.id, 2)
    assert (await office.handling.accept(office.lan, case.code)).state is State.accepted
    assert (await office.handling.begin(office.lan, case.code)).state is State.in_progress
    answered = await office.handling.reply(office.lan, case.code, "Đã dọn rác sáng nay.", final=True)
    assert (answered.state, answered.bucket, answered.on_time) == (State.answered, Bucket.done, True)
    assert answered.due_at is None
    closed = await office.handling.close(office.lan, case.code)
    assert closed.closed_at is not None
    told = await office.told(case)
    assert len(told) == 5
    assert all(case.code in text for text in told)
    assert all("/t/" + case.code in text for text in told if "sao" not in text)
    assert "Đã dọn rác sáng nay." in told[2]
    assert await office.actions(case) == ["received", "taken", "accepted", "begun", "answered", "closed"]
    assert office.letters.delivered[-1] == case.conversation_id


async def test_the_rating_is_asked_for_with_five_buttons_after_the_answer(office: Office) -> None:
    case = await office.open()
    await office.handling.reply(office.lan, case.code, "Đã xong.", final=True)
    page = await dossier(office.database, case.code, office.lan, seal=SEAL)
    assert page.turns[-1].buttons == ("1 sao", "2 sao", "3 sao", "4 sao", "5 sao")
    assert [message.delivery for message in page.messages] == ["ready", "ready"]


async def test_asking_for_information_waits_for_the_citizen_and_their_word_brings_the_case_back(
    office: Office,
) -> None:
    case = await office.open(Draft(Kind.question, "Hỏi", "Tôi muốn hỏi về hồ sơ"))
    await office.handling.begin(office.lan, case.code)
    asked = await office.handling.ask_information(office.lan, case.code, "Chị ở ấp nào?")
    assert (asked.state, asked.bucket, asked.due_at) == (State.needs_information, Bucket.waiting, None)
    assert "Chị ở ấp nào?" in (await office.told(case))[-1]
    number = await office.cases.add(case.code, "Tôi ở ấp Bình Hòa", key="i1")
    assert number is not None
    assert await office.cases.add(case.code, "Tôi ở ấp Bình Hòa", key="i1") == number
    back = await office.cases.show(case.code)
    assert (back.state, back.bucket) == (State.in_progress, Bucket.open)
    assert back.due_at is not None
    assert (await office.handling.begin(office.lan, (await office.open()).code)).state is State.in_progress


async def test_a_pause_stops_the_clock_and_resuming_brings_the_state_back(office: Office) -> None:
    case = await office.open(Draft(Kind.question, "Hỏi", "Khi nào có kết quả?"))
    await office.handling.accept(office.lan, case.code)
    paused = await office.handling.pause(office.lan, case.code, "Chờ kết luận của tòa", "Luật Khiếu nại, Điều 11a")
    assert (paused.state, paused.bucket, paused.due_at) == (State.paused, Bucket.paused, None)
    assert "Điều 11a" in (await office.told(case))[-1]
    with pytest.raises(Conflict, match="tạm dừng"):
        await office.handling.reply(office.lan, case.code, "Đã xong.", final=True)
    resumed = await office.handling.resume(office.lan, case.code)
    assert resumed.state is State.accepted
    assert resumed.due_at is not None


async def test_refusing_and_transferring_need_a_reason_and_finish_the_case(office: Office) -> None:
    case = await office.open()
    for empty in ("", "  \n"):
        with pytest.raises(Invalid):
            await office.handling.refuse(office.lan, case.code, empty)
        with pytest.raises(Invalid):
            await office.handling.transfer_out(office.lan, case.code, "Sở Xây dựng", empty)
    with pytest.raises(Invalid):
        await office.handling.transfer_out(office.lan, case.code, " ", "Không thuộc thẩm quyền")
    refused = await office.handling.refuse(office.lan, case.code, "Nội dung không rõ")
    assert (refused.state, refused.bucket) == (State.refused, Bucket.done)
    assert "Nội dung không rõ" in (await office.told(case))[-1]
    other = await office.open()
    sent = await office.handling.transfer_out(office.lan, other.code, "Sở Xây dựng", "Thuộc Sở Xây dựng")
    assert sent.state is State.transferred
    assert "Sở Xây dựng" in (await office.told(other))[-1]


async def test_a_finished_case_is_reopened_by_staff_and_by_the_citizen(office: Office) -> None:
    case = await office.open()
    await office.handling.reply(office.lan, case.code, "Đã xong.", final=True)
    again = await office.cases.solved(case.code, False, key="s1")
    assert (again.state, again.reopened, again.solved, again.answered_at) == (State.reopened, 1, False, None)
    assert again.due_at is not None
    await office.cases.reopen(case.code, "Rác vẫn còn ở góc chợ", key="s2")
    assert (await office.cases.messages_for_citizen(case))[-1].text == "Rác vẫn còn ở góc chợ"
    await office.handling.reply(office.lan, case.code, "Đã dọn nốt.", final=True)
    settled = await office.cases.solved(case.code, True, key="s3")
    assert (settled.state, settled.solved) == (State.closed, True)
    assert (await office.cases.solved(case.code, True, key="s3")).version == settled.version
    back = await office.handling.reopen(office.chi, case.code, "Báo chí phản ánh lại")
    assert (back.state, back.reopened) == (State.reopened, 2)


async def test_the_step_that_does_not_fit_is_refused_and_nothing_is_written(office: Office) -> None:
    case = await office.open()
    before = await office.actions(case)
    for step in (
        office.handling.resume(office.lan, case.code),
        office.handling.close(office.lan, case.code),
        office.handling.reopen(office.lan, case.code, "Lý do"),
        office.cases.rate(case.code, 5, key="r"),
        office.cases.solved(case.code, True, key="r"),
        office.handling.undo(office.lan, case.code),
    ):
        with pytest.raises(Conflict):
            await step
    assert await office.actions(case) == before
    assert await office.cases.show(case.code) == case


async def test_a_form_that_is_older_than_the_case_is_refused(office: Office) -> None:
    case = await office.open()
    await office.handling.take(office.lan, case.code, expected=1)
    with pytest.raises(Conflict, match="tải lại"):
        await office.handling.reply(office.lan, case.code, "Đã xong.", final=True, expected=1)
    assert (await office.handling.begin(office.lan, case.code, expected=2)).version == 3


# Who may


async def test_officers_pass_on_their_own_cases_and_supervisors_any(office: Office) -> None:
    case = await office.open()
    await office.handling.take(office.lan, case.code)
    with pytest.raises(Forbidden):
        await office.handling.take(office.minh, case.code)
    with pytest.raises(Forbidden):
        await office.handling.assign(office.minh, case.code, "minh")
    assert (await office.handling.assign(office.lan, case.code, "minh")).assigned_to == office.minh.id
    assert (await office.handling.assign(office.chi, case.code, "lan")).assigned_to == office.lan.id
    assert (await office.handling.assign(office.chi, case.code, None)).assigned_to is None
    with pytest.raises(NotFound):
        await office.handling.assign(office.chi, case.code, "nobody")
    for wrong in ("admin", "kho"):
        with pytest.raises(Invalid):
            await office.handling.assign(office.chi, case.code, wrong)
    with pytest.raises(Forbidden):
        await office.handling.move(office.lan, case.code, units.CENTRE, "Đúng nơi")
    moved = await office.handling.move(office.chi, case.code, units.CENTRE, "Đúng nơi")
    assert (moved.unit_id != case.unit_id, moved.assigned_to) == (True, None)
    with pytest.raises(Conflict):
        await office.handling.move(office.chi, case.code, units.CENTRE, "Đúng nơi")
    with pytest.raises(NotFound):
        await office.handling.move(office.chi, case.code, "nowhere", "Đúng nơi")


async def test_staff_of_another_unit_do_not_know_that_a_case_exists(office: Office) -> None:
    case = await office.open()
    async with office.database.connect() as connection:
        elsewhere = await connection.scalar(select(unit_table.c.id).where(unit_table.c.code == units.CENTRE))
    stranger = await member(office.database, f"s{case.id}", unit=elsewhere)
    for person in (stranger, office.admin, office.vault):
        with pytest.raises(CaseNotFound) as there:
            await office.handling.note(person, case.code, "x")
        with pytest.raises(CaseNotFound) as nowhere:
            await office.handling.note(person, "MC-222222", "x")
        assert there.value.message.replace(case.code, "") == nowhere.value.message.replace("MC-222222", "")
        with pytest.raises(CaseNotFound):
            await dossier(office.database, case.code, person, seal=SEAL)


async def test_a_denunciation_exists_for_the_vault_only(office: Office) -> None:
    case = await office.open(CRIME)
    assert (case.bucket, case.unit_id, case.conversation_id) == (Bucket.vault, None, None)
    for person in (office.lan, office.chi, office.admin):
        for step in (
            office.handling.take(person, case.code),
            office.handling.reply(person, case.code, "x", final=True),
            office.handling.link(person, case.code, case.code),
            office.handling.undo(person, case.code),
            dossier(office.database, case.code, person, seal=SEAL),
        ):
            with pytest.raises(CaseNotFound):
                await step
    with pytest.raises(CaseNotFound):
        await office.cases.show(case.code)
    await office.handling.take(office.vault, case.code)
    await office.handling.accept(office.vault, case.code)
    done = await office.handling.reply(office.vault, case.code, "Đã chuyển thanh tra.", final=True)
    assert (done.state, done.bucket) == (State.answered, Bucket.vault)
    said = await office.cases.messages_for_citizen(case)
    assert "Đã chuyển thanh tra." in [message.text for message in said]
    assert all(message.delivery is None for message in said)
    async with office.database.connect() as connection:
        assert await connection.scalar(select(case_table.c.folded).where(case_table.c.id == case.id)) == ""
        kinds = set(await connection.scalars(select(case_tallies.c.kind)))
    assert "denunciation" not in kinds
    with pytest.raises(Conflict):
        await office.handling.record_contact(office.vault, case.code, "0912345678")
    with pytest.raises(Forbidden):
        await office.handling.open_by_staff(office.lan, CRIME, key="d1")
    with pytest.raises(ValueError, match="denunciation"):
        await office.cases.open(replace(CRIME, citizen_id=1), key="d2")


async def test_what_a_new_colleague_writes_waits_for_approval(office: Office) -> None:
    case = await office.open()
    proposed = await office.handling.reply(office.new, case.code, "Đã dọn rác", final=True)
    assert proposed.state is State.received
    assert await office.told(case) == []
    assert await office.cases.messages_for_citizen(case) == ()
    (waiting,) = (await dossier(office.database, case.code, office.chi, seal=SEAL)).pending
    with pytest.raises(Forbidden):
        await office.handling.approve_reply(office.lan, case.code, waiting.id)
    with pytest.raises(NotFound):
        await office.handling.approve_reply(office.chi, case.code, waiting.id + 1)
    done = await office.handling.approve_reply(office.chi, case.code, waiting.id, text="Đã dọn rác sáng nay.")
    assert done.state is State.answered
    assert "sáng nay" in (await office.told(case))[0]
    with pytest.raises(NotFound):
        await office.handling.approve_reply(office.chi, case.code, waiting.id)
    for step in (
        office.handling.refuse(office.new, (await office.open()).code, "Không rõ"),
        office.handling.transfer_out(office.new, (await office.open()).code, "Sở", "Lý do"),
        office.handling.accept(office.new, (await office.open()).code, "chị yên tâm"),
    ):
        with pytest.raises(Conflict):
            await step


async def test_a_reply_that_is_handed_back_never_goes_out(office: Office) -> None:
    case = await office.open()
    await office.handling.ask_information(office.new, case.code, "Ấp nào?")
    (waiting,) = (await dossier(office.database, case.code, office.chi, seal=SEAL)).pending
    with pytest.raises(Invalid):
        await office.handling.refuse_reply(office.chi, case.code, waiting.id, " ")
    back = await office.handling.refuse_reply(office.chi, case.code, waiting.id, "Hỏi lịch sự hơn")
    assert back.state is State.received
    page = await dossier(office.database, case.code, office.new, seal=SEAL)
    assert [(message.state, message.public) for message in page.messages] == [("refused", True), ("written", False)]
    assert await office.told(case) == []
