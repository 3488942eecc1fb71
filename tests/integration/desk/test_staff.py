"""Accounts of staff: made, changed and shut, each as a whole."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from desk import _passwords, staff, units
from desk import sign_in as signing
from desk.sign_in import SignInRefused, TooManyAttempts, of_session
from desk.staff import Person, Role
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import now, sign_in_failures, staff_sessions
from store.tables import staff as staff_table

GOOD = "một mật khẩu đủ dài"


async def sign_in(db: Database, name: str, password: str) -> tuple[Person, str]:
    """A sign-in of who has no second factor and needs none."""
    person, token, stage = await signing.with_password(db, name, password, hours=1, always=False)
    assert stage == "full"
    return person, token


async def person_of(db: Database, token: str) -> Person | None:
    """Who a token belongs to."""
    session = await of_session(db, token)
    return session.person if session else None


async def test_an_account_can_sign_in_with_its_password_only(database: Database) -> None:
    made = await staff.add(database, " Lan.Nguyen ", GOOD, ["catalogue_editor"], actor="test")
    assert made.name == "lan.nguyen"
    person, token = await sign_in(database, "LAN.nguyen", GOOD)
    assert person.roles == {Role.catalogue_editor}
    assert await person_of(database, token) == person
    for wrong in ("", GOOD + " ", GOOD.upper(), "x" * 100_000, "\x00"):
        with pytest.raises(SignInRefused):
            await sign_in(database, "lan.nguyen", wrong)


async def test_an_unknown_name_is_refused_with_the_same_words(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["catalogue_editor"], actor="test")
    said = []
    for name in ("lan", "minh", "", "'; drop table staff; --"):
        with pytest.raises(SignInRefused) as refused:
            await sign_in(database, name, "một mật khẩu khác")
        said.append(refused.value.message)
    assert len(set(said)) == 1


async def test_an_unknown_name_costs_a_check_of_a_password_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    verify = _passwords.verify

    async def counted(hashed: str, password: str) -> bool:
        checked.append(hashed)
        return await verify(hashed, password)

    monkeypatch.setattr(_passwords, "verify", counted)
    with pytest.raises(SignInRefused):
        await sign_in(database, "nobody", GOOD)
    assert len(checked) == 1
    assert checked[0].startswith("$argon2id$")


async def test_neither_password_nor_token_is_kept(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    _, token = await sign_in(database, "lan", GOOD)
    async with database.connect() as connection:
        rows = [*(await connection.execute(select(staff_table))), *(await connection.execute(select(staff_sessions)))]
    kept = repr(rows)
    assert GOOD not in kept
    assert token not in kept


async def test_a_session_ends_when_its_time_is_over(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    _, token = await sign_in(database, "lan", GOOD)
    async with database.begin() as connection:
        await connection.execute(update(staff_sessions).values(expires_at=now() - timedelta(seconds=1)))
    assert await person_of(database, token) is None


async def test_a_new_password_or_a_shut_account_ends_every_session(database: Database) -> None:
    for name in ("lan", "minh", "an"):
        await staff.add(database, name, GOOD, ["administrator"], actor="test")
    tokens = {name: (await sign_in(database, name, GOOD))[1] for name in ("lan", "minh", "an")}
    await staff.set_password(database, "lan", "mật khẩu mới của chị", actor="test")
    await staff.disable(database, "minh", actor="test")
    signed_in = {name: await person_of(database, token) is not None for name, token in tokens.items()}
    assert signed_in == {"lan": False, "minh": False, "an": True}
    with pytest.raises(SignInRefused):
        await sign_in(database, "minh", GOOD)
    await sign_in(database, "lan", "mật khẩu mới của chị")


async def test_the_last_administrator_stays(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    await staff.add(database, "minh", GOOD, ["catalogue_editor"], actor="test")
    with pytest.raises(Conflict):
        await staff.disable(database, "lan", actor="test")
    with pytest.raises(Conflict):
        await staff.set_roles(database, "lan", ["catalogue_editor"], actor="test")
    await staff.set_roles(database, "minh", ["administrator", "catalogue_approver"], actor="test")
    assert (await staff.disable(database, "lan", actor="test")).disabled_at is not None


@pytest.mark.parametrize("name", ["", "a", "Lan Nguyễn", "../lan", "lan\n", "x" * 41, "-lan", "lan@an", "лан"])
async def test_a_name_that_cannot_be_signed_in_with_is_refused(database: Database, name: str) -> None:
    if name == "lan\n":
        # Blanks around a name are not meant.
        assert (await staff.add(database, name, GOOD, ["administrator"], actor="test")).name == "lan"
        return
    with pytest.raises(Invalid):
        await staff.add(database, name, GOOD, ["administrator"], actor="test")


@pytest.mark.parametrize("password", ["", "ngắn quá", "aaaaaaaaaaaaaaaa", "lan-12345678", "x" * 201])
async def test_a_password_that_is_easily_guessed_is_refused(database: Database, password: str) -> None:
    with pytest.raises(Invalid):
        await staff.add(database, "lan", password, ["administrator"], actor="test")
    assert await staff.list_(database) == ()


@pytest.mark.parametrize("roles", [[], ["king"], ["administrator", ""]])
async def test_a_role_that_does_not_exist_is_refused(database: Database, roles: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        await staff.add(database, "lan", GOOD, roles, actor="test")
    assert "catalogue_editor" in refused.value.message


async def test_of_two_who_take_a_name_at_once_one_gets_it(database: Database) -> None:
    made = await asyncio.gather(
        *(staff.add(database, "lan", GOOD, ["administrator"], actor="test") for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, Conflict) for one in made) == 2
    assert len(await staff.list_(database)) == 1


async def test_nobody_is_changed_who_does_not_exist(database: Database) -> None:
    with pytest.raises(NotFound):
        await staff.set_password(database, "lan", GOOD, actor="test")
    with pytest.raises(NotFound):
        await staff.set_roles(database, "lan", ["administrator"], actor="test")
    with pytest.raises(NotFound):
        await staff.disable(database, "lan", actor="test")


async def test_a_hash_made_with_other_costs_is_made_anew_at_the_next_sign_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    # What argon2-cffi recommends (RFC 9106, second choice: 64 MiB), and the program uses.
    monkeypatch.setattr(_passwords, "hasher", PasswordHasher())
    await sign_in(database, "lan", GOOD)
    async with database.connect() as connection:
        kept = await connection.scalar(select(staff_table.c.password_hash))
    assert kept is not None
    assert "m=65536,t=3" in kept
    await sign_in(database, "lan", GOOD)


async def test_every_change_of_an_account_and_every_sign_in_is_kept_with_who_did_it(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="root")
    await staff.add(database, "hoa", GOOD, ["catalogue_editor"], actor="lan")
    await staff.set_roles(database, "hoa", ["catalogue_approver"], actor="lan")
    await sign_in(database, "hoa", GOOD)
    with pytest.raises(SignInRefused):
        await sign_in(database, "hoa", "một mật khẩu khác")
    await staff.set_password(database, "hoa", GOOD + "!", actor="lan")
    await staff.disable(database, "hoa", actor="lan")
    with pytest.raises(Conflict):
        await staff.disable(database, "lan", actor="hoa")
    kept = [(event.actor, event.what, event.name) for event in reversed(await staff.events(database))]
    assert kept == [
        ("root", "added", "lan"),
        ("lan", "added", "hoa"),
        ("lan", "roles_set", "hoa"),
        ("hoa", "signed_in", "hoa"),
        ("system", "sign_in_failed", "hoa"),
        ("lan", "password_set", "hoa"),
        ("lan", "disabled", "hoa"),
    ]
    assert (await staff.events(database, limit=4))[-1].what == "signed_in"
    changed = (await staff.events(database, limit=5))[-1]
    assert changed.data == {"roles": ["catalogue_approver"], "before": ["catalogue_editor"]}


async def test_an_account_belongs_to_a_unit_or_to_the_whole_province(database: Database) -> None:
    await units.ensure(database)
    made = await staff.add(database, "lan", GOOD, ["officer"], actor="test", unit="kstthc", reviewed=True)
    assert (made.unit_code, made.reviewed) == ("kstthc", True)
    assert made.unit_id is not None
    changed = await staff.set_desk(database, "lan", unit=None, reviewed=False, actor="test")
    assert (changed.unit_id, changed.reviewed) == (None, False)
    with pytest.raises(NotFound):
        await staff.set_desk(database, "lan", unit="khong-co", reviewed=True, actor="test")
    with pytest.raises(NotFound):
        await staff.add(database, "minh", GOOD, ["officer"], actor="test", unit="khong-co")
    assert await staff.get(database, "lan") == changed
    assert [person.name for person in await staff.list_(database)] == ["lan"]


async def test_an_account_that_was_shut_can_be_opened_again(database: Database) -> None:
    for name in ("lan", "minh"):
        await staff.add(database, name, GOOD, ["administrator"], actor="test")
    await staff.disable(database, "minh", actor="lan")
    await staff.enable(database, "minh", actor="lan")
    assert (await sign_in(database, "minh", GOOD))[0].name == "minh"


async def test_a_role_of_a_newer_release_gives_no_right(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["officer"], actor="test")
    async with database.begin() as connection:
        await connection.execute(update(staff_table).values(roles=["officer", "emperor"]))
    assert (await staff.get(database, "lan")).roles == {Role.officer}


async def test_failures_are_counted_for_names_that_do_not_exist_too(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    limits = signing.Limits(by_name=3, minutes=15)
    said = []
    for name in ("lan", "khong-co", "mat khau cua toi 123", "\x00"):
        for _ in range(3):
            with pytest.raises(SignInRefused):
                await signing.with_password(database, name, "sai rồi nhé", hours=1, limits=limits)
        with pytest.raises(TooManyAttempts) as refused:
            await signing.with_password(database, name, GOOD, hours=1, limits=limits)
        said.append(refused.value.message)
    assert set(said) == {"Sai quá nhiều lần. Anh/chị thử lại sau 15 phút."}
    # What people typed into the field of the name is kept nowhere: it may be their password.
    async with database.connect() as connection:
        kept = repr((await connection.execute(select(sign_in_failures))).all())
    assert "mat khau" not in kept
    assert "mat khau" not in repr(await staff.events(database))
    assert (await staff.get(database, "lan")).locked_until is not None
    assert [one.what for one in await staff.events(database, "lan")][:2] == ["locked", "sign_in_failed"]


async def test_attempts_made_at_once_count_as_well(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    limits = signing.Limits(by_name=3)
    made = await asyncio.gather(
        *(signing.with_password(database, "lan", "sai rồi nhé", hours=1, limits=limits) for _ in range(10)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, SignInRefused) for one in made) == 3
    assert sum(isinstance(one, TooManyAttempts) for one in made) == 7


async def test_one_address_cannot_try_many_names_for_ever(database: Database) -> None:
    limits = signing.Limits(by_address=4)
    for name in ("an", "binh", "chi", "dung"):
        with pytest.raises(SignInRefused):
            await signing.with_password(database, name, GOOD, hours=1, limits=limits, address="192.0.2.1")
    with pytest.raises(TooManyAttempts):
        await signing.with_password(database, "giang", GOOD, hours=1, limits=limits, address="192.0.2.1")
    with pytest.raises(SignInRefused):
        await signing.with_password(database, "giang", GOOD, hours=1, limits=limits, address="192.0.2.2")


async def test_a_lock_ends_by_itself_or_by_an_administrator(database: Database) -> None:
    limits = signing.Limits(by_name=2)
    for name in ("lan", "minh"):
        await staff.add(database, name, GOOD, ["administrator"], actor="test")
        for _ in range(2):
            with pytest.raises(SignInRefused):
                await signing.with_password(database, name, "sai rồi nhé", hours=1, limits=limits)
    async with database.begin() as connection:
        past = now() - timedelta(minutes=16)
        await connection.execute(update(sign_in_failures).values(at=past))
        await connection.execute(update(staff_table).where(staff_table.c.name == "minh").values(locked_until=past))
    await signing.with_password(database, "minh", GOOD, hours=1, limits=limits)
    with pytest.raises(TooManyAttempts):
        await signing.with_password(database, "lan", GOOD, hours=1, limits=limits)
    assert (await signing.unlock(database, "lan", actor="minh")).locked_until is None
    await signing.with_password(database, "lan", GOOD, hours=1, limits=limits)


async def test_signing_in_well_forgets_the_failures_before(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    limits = signing.Limits(by_name=3)
    for _ in range(3):
        for _ in range(2):
            with pytest.raises(SignInRefused):
                await signing.with_password(database, "lan", "sai rồi nhé", hours=1, limits=limits)
        await signing.with_password(database, "lan", GOOD, hours=1, always=False, limits=limits)
    async with database.connect() as connection:
        assert (await connection.execute(select(sign_in_failures))).all() == []
