"""Cases on a real SQLite file: taken in once, followed by those who may, never by those who may not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import event, func, insert, select, update

from desk import citizens
from desk.cases import ALPHABET, CODE, Case, CaseNotFound, Cases, Draft, Kind, State, TooManyPins, WrongPin
from store.engine import Database
from store.errors import Invalid
from store.tables import audit, conversations, now
from store.tables import cases as case_table
from store.tables import citizens as citizen_table
from tests.support.cases import SEAL

RUBBISH = Draft(Kind.feedback, "Rác trước chợ", "Rác chất đống ba ngày nay không ai lấy", place_text="chợ Mỹ Bình")


async def _events(database: Database, case: Case) -> list[str]:
    async with database.connect() as connection:
        rows = await connection.scalars(
            select(audit.c.action).where(audit.c.subject == f"case:{case.id}").order_by(audit.c.id)
        )
        return list(rows)


async def _citizen(database: Database, name: str) -> int:
    async with database.begin() as connection:
        return await citizens.ensure(connection, "web", name)


def _wrong(pin: str) -> str:
    return f"{(int(pin) + 1) % 1_000_000:06d}"


async def test_a_case_is_kept_as_it_was_handed_in(cases: Cases, database: Database) -> None:
    citizen = await _citizen(database, "a")
    draft = replace(RUBBISH, subject="  Rác trước chợ ", contact="0912345678", place_code="30307", citizen_id=citizen)
    case, pin = await cases.open(draft, key="k1")
    assert (case.kind, case.state, case.subject) == (Kind.feedback, State.received, "Rác trước chợ")
    assert (case.text, case.place_text, case.place_code) == (RUBBISH.text, "chợ Mỹ Bình", "30307")
    assert (cases.contact(case), case.citizen_id) == ("0912345678", citizen)
    assert "0912345678" not in str(case.contact)
    assert case.created_at.tzinfo is not None
    assert CODE.fullmatch(case.code)
    assert len(pin) == 6
    assert pin.isdecimal()
    assert await cases.show(case.code) == case
    assert await _events(database, case) == ["received"]


async def test_the_same_key_gives_the_same_case_and_pin_whatever_is_handed_in(cases: Cases, database: Database) -> None:
    first = await cases.open(RUBBISH, key="k1")
    again = await cases.open(replace(RUBBISH, text="something else entirely"), key="k1")
    assert again == first
    assert await _events(database, first[0]) == ["received"]


async def test_the_same_key_at_the_same_time_makes_one_case(cases: Cases, database: Database) -> None:
    made = await asyncio.gather(*(cases.open(RUBBISH, key="k1") for _ in range(12)))
    assert len({(case.code, pin) for case, pin in made}) == 1
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(case_table)) == 1


async def test_the_pin_is_the_same_after_a_restart_and_another_with_another_secret(
    cases: Cases, database: Database
) -> None:
    case, pin = await cases.open(RUBBISH, key="k1")
    restarted = Cases(database, SecretStr("for tests only"), seal=SEAL)
    assert (await restarted.open(RUBBISH, key="k1"))[1] == pin
    assert await restarted.follow(case.code, pin=pin, citizen_id=None) == case
    with pytest.raises(WrongPin):
        await Cases(database, SecretStr("another"), seal=SEAL).follow(case.code, pin=pin, citizen_id=None)


async def test_different_keys_give_different_codes_and_pins(cases: Cases) -> None:
    made = [await cases.open(RUBBISH, key=f"k{number}") for number in range(30)]
    assert len({case.code for case, _ in made}) == 30
    assert len({pin for _, pin in made}) > 25


async def test_a_code_that_is_taken_is_not_given_twice(cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("AAAAAA" + "AAAAAA" + "BBBBBB")
    monkeypatch.setattr("desk.cases.secrets.choice", lambda _alphabet: next(letters))
    codes = [(await cases.open(RUBBISH, key=f"k{number}"))[0].code for number in range(2)]
    assert codes == ["MC-AAAAAA", "MC-BBBBBB"]


@pytest.mark.parametrize(
    "draft",
    [
        replace(RUBBISH, text=""),
        replace(RUBBISH, text=" \n\t "),
        replace(RUBBISH, subject=""),
        replace(RUBBISH, subject="   "),
        replace(RUBBISH, text="x" * 5_001),
    ],
)
async def test_an_empty_or_endless_case_is_refused_and_not_written(
    cases: Cases, database: Database, draft: Draft
) -> None:
    with pytest.raises(Invalid):
        await cases.open(draft, key="k1")
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(case_table)) == 0


async def test_the_longest_text_allowed_is_taken(cases: Cases) -> None:
    case, _ = await cases.open(replace(RUBBISH, text="đ" * 5_000), key="k1")
    assert len(case.text) == 5_000


async def test_a_case_without_a_key_is_a_mistake_of_ours(cases: Cases) -> None:
    with pytest.raises(ValueError, match="key"):
        await cases.open(RUBBISH, key="")


def test_an_empty_secret_is_refused(database: Database) -> None:
    with pytest.raises(Invalid, match="MOTCUA_DESK__SECRET"):
        Cases(database, SecretStr(""), seal=SEAL)


async def test_a_failed_event_takes_the_case_back(cases: Cases, database: Database) -> None:
    """The case and its event are one transaction."""

    def refuse(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO audit "):
            raise RuntimeError("no event")

    engine = database._writes.sync_engine
    event.listen(engine, "before_cursor_execute", refuse)
    try:
        with pytest.raises(RuntimeError):
            await cases.open(RUBBISH, key="k1")
    finally:
        event.remove(engine, "before_cursor_execute", refuse)
    async with database.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(case_table)) == 0


async def test_the_pin_is_kept_nowhere(cases: Cases, database: Database) -> None:
    _, pin = await cases.open(RUBBISH, key="k1")
    async with database.connect() as connection:
        row = (await connection.execute(select(case_table))).mappings().one()
        events = (await connection.execute(select(audit))).mappings().all()
    assert all(pin != str(value) for value in row.values())
    assert pin not in str([event["data"] for event in events])


# Following a case


async def test_the_one_who_opened_it_needs_no_pin(cases: Cases, database: Database) -> None:
    citizen = await _citizen(database, "a")
    case, _ = await cases.open(replace(RUBBISH, citizen_id=citizen), key="k1")
    assert await cases.follow(case.code, pin=None, citizen_id=citizen) == case


async def test_another_one_needs_code_and_pin(cases: Cases, database: Database) -> None:
    owner, other = await _citizen(database, "a"), await _citizen(database, "b")
    case, pin = await cases.open(replace(RUBBISH, citizen_id=owner), key="k1")
    for citizen in (other, None):
        assert await cases.follow(case.code, pin=pin, citizen_id=citizen) == case
        with pytest.raises(WrongPin):
            await cases.follow(case.code, pin=_wrong(pin), citizen_id=citizen)
        with pytest.raises(WrongPin):
            await cases.follow(case.code, pin=None, citizen_id=citizen)


async def test_a_case_without_a_citizen_does_not_open_for_those_without_one(cases: Cases) -> None:
    case, _ = await cases.open(RUBBISH, key="k1")
    assert case.citizen_id is None
    with pytest.raises(WrongPin):
        await cases.follow(case.code, pin=None, citizen_id=None)


@pytest.mark.parametrize("write", [str.lower, lambda code: code.replace("-", ""), lambda code: code.replace("-", " ")])
async def test_a_code_is_found_however_it_is_typed(cases: Cases, write: object) -> None:
    assert callable(write)
    case, pin = await cases.open(RUBBISH, key="k1")
    assert await cases.follow(f"phiếu {write(case.code)} tới đâu rồi", pin=pin, citizen_id=None) == case
    assert await cases.show(write(case.code)) == case


@pytest.mark.parametrize(
    "code", ["", "MC-", "MC-ZZZZZZ", "MC-000000", "x" * 10_000, "MC-AAAA", "' or 1=1 --", "\x00", "🙂"]
)
async def test_a_code_that_is_none_is_not_found(cases: Cases, code: str) -> None:
    with pytest.raises(CaseNotFound):
        await cases.follow(code, pin="123456", citizen_id=None)
    with pytest.raises(CaseNotFound):
        await cases.show(code)


@pytest.mark.parametrize("pin", ["", "1", "１２３４５６", "١٢٣٤٥٦", "12345é", "123456\n", "x" * 10_000])
async def test_a_pin_that_is_none_is_wrong_and_breaks_nothing(cases: Cases, pin: str) -> None:
    case, right = await cases.open(RUBBISH, key="k1")
    with pytest.raises(WrongPin):
        await cases.follow(case.code, pin=pin, citizen_id=None)
    assert await cases.follow(case.code, pin=right, citizen_id=None) == case


async def test_after_too_many_wrong_pins_the_right_one_is_shut_out_too(cases: Cases, database: Database) -> None:
    case, pin = await cases.open(RUBBISH, key="k1")
    for _ in range(3):
        with pytest.raises(WrongPin):
            await cases.follow(case.code, pin=_wrong(pin), citizen_id=None)
    for attempt in (_wrong(pin), pin, None):
        with pytest.raises(TooManyPins):
            await cases.follow(case.code, pin=attempt, citizen_id=None)
    assert await _events(database, case) == ["received", "wrong_pin", "wrong_pin", "wrong_pin"]


async def test_attempts_at_the_same_time_are_counted(cases: Cases, database: Database) -> None:
    case, pin = await cases.open(RUBBISH, key="k1")
    tried = await asyncio.gather(
        *(cases.follow(case.code, pin=_wrong(pin), citizen_id=None) for _ in range(12)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in tried) == ["TooManyPins"] * 9 + ["WrongPin"] * 3
    assert (await _events(database, case)).count("wrong_pin") == 3


async def test_asking_without_a_pin_is_no_attempt(cases: Cases) -> None:
    case, pin = await cases.open(RUBBISH, key="k1")
    for _ in range(10):
        with pytest.raises(WrongPin):
            await cases.follow(case.code, pin=None, citizen_id=None)
    assert await cases.follow(case.code, pin=pin, citizen_id=None) == case


async def test_the_one_who_opened_it_is_never_shut_out(cases: Cases, database: Database) -> None:
    citizen = await _citizen(database, "a")
    case, pin = await cases.open(replace(RUBBISH, citizen_id=citizen), key="k1")
    for _ in range(3):
        with pytest.raises(WrongPin):
            await cases.follow(case.code, pin=_wrong(pin), citizen_id=None)
    assert await cases.follow(case.code, pin=None, citizen_id=citizen) == case


async def test_after_an_hour_the_pin_may_be_tried_again(cases: Cases, database: Database) -> None:
    case, pin = await cases.open(RUBBISH, key="k1")
    for _ in range(3):
        with pytest.raises(WrongPin):
            await cases.follow(case.code, pin=_wrong(pin), citizen_id=None)
    async with database.begin() as connection:
        await connection.execute(
            update(audit).where(audit.c.action == "wrong_pin").values(at=now() - timedelta(minutes=61))
        )
    assert await cases.follow(case.code, pin=pin, citizen_id=None) == case


async def test_wrong_pins_of_one_case_do_not_shut_another(cases: Cases) -> None:
    one, pin = await cases.open(RUBBISH, key="k1")
    other, other_pin = await cases.open(RUBBISH, key="k2")
    for _ in range(3):
        with pytest.raises(WrongPin):
            await cases.follow(one.code, pin=_wrong(pin), citizen_id=None)
    assert await cases.follow(other.code, pin=other_pin, citizen_id=None) == other


async def test_a_citizen_sees_their_own_newest_cases_only(cases: Cases, database: Database) -> None:
    owner, other = await _citizen(database, "a"), await _citizen(database, "b")
    mine = [(await cases.open(replace(RUBBISH, citizen_id=owner), key=f"k{n}"))[0] for n in range(7)]
    await cases.open(replace(RUBBISH, citizen_id=other), key="other")
    assert await cases.of_citizen(owner) == mine[:1:-1]
    assert await cases.of_citizen(owner, limit=2) == mine[:4:-1]
    assert await cases.of_citizen(999) == []


def test_codes_hold_no_letters_that_look_alike() -> None:
    assert not set("01OIL") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET)


# What is remembered of a citizen


async def test_a_citizen_is_one_per_channel_and_name(database: Database) -> None:
    async with database.begin() as connection:
        web = await citizens.ensure(connection, "web", "a")
        assert await citizens.ensure(connection, "web", "a") == web
        assert await citizens.ensure(connection, "telegram", "a") != web
        assert await citizens.ensure(connection, "web", "A") != web


async def test_the_commune_is_remembered_and_forgotten(database: Database) -> None:
    one, other = await _citizen(database, "a"), await _citizen(database, "b")
    await citizens.remember_place(database, one, "30307")

    async def kept() -> dict[int, str | None]:
        async with database.connect() as connection:
            rows = await connection.execute(select(citizen_table.c.id, citizen_table.c.place_code))
            return {row.id: row.place_code for row in rows}

    assert await kept() == {one: "30307", other: None}
    await citizens.remember_place(database, one, None)
    assert await kept() == {one: None, other: None}
    await citizens.remember_place(database, 999, "30307")
    assert await kept() == {one: None, other: None}


async def test_a_case_may_name_its_conversation(cases: Cases, database: Database) -> None:
    citizen = await _citizen(database, "a")
    async with database.begin() as connection:
        await connection.execute(
            insert(conversations).values(id="c1", channel="web", external_id="a", citizen_id=citizen)
        )
    case, _ = await cases.open(replace(RUBBISH, citizen_id=citizen, conversation_id="c1"), key="k1")
    async with database.connect() as connection:
        assert await connection.scalar(select(case_table.c.conversation_id)) == "c1"
    assert case.citizen_id == citizen


async def test_what_is_said_later_goes_to_the_open_case_once(cases: Cases, database: Database) -> None:
    async with database.begin() as connection:
        citizen = await citizens.ensure(connection, "web", "a")
        await connection.execute(
            insert(conversations).values(id="c1", channel="web", external_id="a", citizen_id=citizen)
        )
    case, _ = await cases.open(replace(RUBBISH, conversation_id="c1"), key="k1")
    found = await cases.waiting("c1", case.kind)
    assert found is not None
    assert found.code == case.code
    assert await cases.waiting("c1", case.kind, but="k1") is None
    assert await cases.waiting("c1", Kind.question) is None
    assert await cases.waiting("c2", case.kind) is None
    assert await cases.waiting(None, case.kind) is None
    assert await cases.add(case.code, "thêm một chuyện", key="k2")
    assert await cases.add(case.code, "thêm một chuyện", key="k2")
    assert not await cases.add(case.code, "thêm một chuyện", key="k3")
    assert not await cases.add(case.code, "   ", key="k4")
    assert not await cases.add(case.code, case.text[:10], key="k4b")
    assert await cases.add(case.code, "x" * 6_000, key="k5")
    said = await cases.messages_for_citizen(case)
    assert [message.text for message in said] == ["thêm một chuyện", "x" * 5_000]
    assert (await cases.show(case.code)).text == case.text
    with pytest.raises(CaseNotFound):
        await cases.add("MC-999999", "x", key="k6")
