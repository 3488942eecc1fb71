"""Accounts of staff: made, changed and shut, each as a whole."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from desk import staff
from desk.staff import Role, SignInRefused
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound
from store.tables import now, staff_sessions
from store.tables import staff as staff_table

GOOD = "một mật khẩu đủ dài"


async def test_an_account_can_sign_in_with_its_password_only(database: Database) -> None:
    made = await staff.add(database, " Lan.Nguyen ", GOOD, ["catalogue_editor"], actor="test")
    assert made.name == "lan.nguyen"
    person, token = await staff.sign_in(database, "LAN.nguyen", GOOD, hours=1)
    assert person.roles == {Role.catalogue_editor}
    assert await staff.of_session(database, token) == person
    for wrong in ("", GOOD + " ", GOOD.upper(), "x" * 100_000, "\x00"):
        with pytest.raises(SignInRefused):
            await staff.sign_in(database, "lan.nguyen", wrong, hours=1)


async def test_an_unknown_name_is_refused_with_the_same_words(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["catalogue_editor"], actor="test")
    said = []
    for name in ("lan", "minh", "", "'; drop table staff; --"):
        with pytest.raises(SignInRefused) as refused:
            await staff.sign_in(database, name, "một mật khẩu khác", hours=1)
        said.append(refused.value.message)
    assert len(set(said)) == 1


async def test_an_unknown_name_costs_a_check_of_a_password_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    verify = staff._verify

    async def counted(hashed: str, password: str) -> bool:
        checked.append(hashed)
        return await verify(hashed, password)

    monkeypatch.setattr(staff, "_verify", counted)
    with pytest.raises(SignInRefused):
        await staff.sign_in(database, "nobody", GOOD, hours=1)
    assert len(checked) == 1
    assert checked[0].startswith("$argon2id$")


async def test_neither_password_nor_token_is_kept(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    _, token = await staff.sign_in(database, "lan", GOOD, hours=1)
    async with database.connect() as connection:
        rows = [*(await connection.execute(select(staff_table))), *(await connection.execute(select(staff_sessions)))]
    kept = repr(rows)
    assert GOOD not in kept
    assert token not in kept


async def test_a_session_ends_when_its_time_is_over(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="test")
    _, token = await staff.sign_in(database, "lan", GOOD, hours=1)
    async with database.begin() as connection:
        await connection.execute(update(staff_sessions).values(expires_at=now() - timedelta(seconds=1)))
    assert await staff.of_session(database, token) is None


async def test_a_new_password_or_a_shut_account_ends_every_session(database: Database) -> None:
    for name in ("lan", "minh", "an"):
        await staff.add(database, name, GOOD, ["administrator"], actor="test")
    tokens = {name: (await staff.sign_in(database, name, GOOD, hours=1))[1] for name in ("lan", "minh", "an")}
    await staff.set_password(database, "lan", "mật khẩu mới của chị", actor="test")
    await staff.disable(database, "minh", actor="test")
    signed_in = {name: await staff.of_session(database, token) is not None for name, token in tokens.items()}
    assert signed_in == {"lan": False, "minh": False, "an": True}
    with pytest.raises(SignInRefused):
        await staff.sign_in(database, "minh", GOOD, hours=1)
    await staff.sign_in(database, "lan", "mật khẩu mới của chị", hours=1)


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
    monkeypatch.setattr(staff, "_hasher", PasswordHasher())
    await staff.sign_in(database, "lan", GOOD, hours=1)
    async with database.connect() as connection:
        kept = await connection.scalar(select(staff_table.c.password_hash))
    assert kept is not None
    assert "m=65536,t=3" in kept
    await staff.sign_in(database, "lan", GOOD, hours=1)


async def test_every_change_of_an_account_and_every_sign_in_is_kept_with_who_did_it(database: Database) -> None:
    await staff.add(database, "lan", GOOD, ["administrator"], actor="root")
    await staff.add(database, "hoa", GOOD, ["catalogue_editor"], actor="lan")
    await staff.set_roles(database, "hoa", ["catalogue_approver"], actor="lan")
    await staff.sign_in(database, "hoa", GOOD, hours=1)
    with pytest.raises(SignInRefused):
        await staff.sign_in(database, "hoa", "một mật khẩu khác", hours=1)
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
        ("lan", "password_set", "hoa"),
        ("lan", "disabled", "hoa"),
    ]
    assert (await staff.events(database, limit=3))[-1].what == "signed_in"
    changed = (await staff.events(database, limit=4))[-1]
    assert changed.data == {"roles": ["catalogue_approver"], "before": ["catalogue_editor"]}
