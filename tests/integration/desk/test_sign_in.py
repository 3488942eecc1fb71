"""The second factor: set up, asked for, lost, and guessed at."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from desk import second_factor, staff, units
from desk import sign_in as signing
from desk.kinds import Kind
from desk.sealing import Seal
from desk.second_factor import WrongCode
from desk.sign_in import Limits, SignInRefused, TooManyAttempts
from desk.staff import Person
from store.engine import Database
from store.errors import Conflict, Invalid, NotFound, Unavailable
from store.tables import now, staff_sessions
from store.tables import staff as staff_table

GOOD = "một mật khẩu đủ dài"
SEAL = Seal([SecretStr("a key of tests, long enough to seal with")])


@pytest.fixture
async def lan(database: Database) -> Person:
    """Somebody with an account and no second factor."""
    return await staff.add(database, "lan", GOOD, ["administrator"], actor="test")


async def enrol(db: Database, person: Person) -> tuple[str, tuple[str, ...]]:
    """Set the second factor up; the secret and the recovery codes. The code that was used counts as long ago."""
    secret = await second_factor.begin(db, person, seal=SEAL)
    codes = await second_factor.confirm(db, person, pyotp.TOTP(secret).now(), seal=SEAL)
    await later(db)
    return secret, codes


async def later(db: Database) -> None:
    """Let the codes that were used be those of a minute ago."""
    async with db.begin() as connection:
        await connection.execute(update(staff_table).values(totp_step=staff_table.c.totp_step - 3))


async def half(db: Database, limits: Limits = signing.NO_LIMITS) -> str:
    """The token of who gave the password."""
    _, token, stage = await signing.with_password(db, "lan", GOOD, hours=1, limits=limits)
    assert stage == "password"
    return token


async def test_the_password_alone_opens_half_a_session(database: Database, lan: Person) -> None:
    secret, _ = await enrol(database, lan)
    token = await half(database)
    session = await signing.of_session(database, token)
    assert session is not None
    assert session.stage == "password"
    assert session.expires_at < now() + timedelta(minutes=16)
    person, full = await signing.with_code(database, token, pyotp.TOTP(secret).now(), seal=SEAL, hours=9)
    assert person.name == "lan"
    assert full != token
    assert await signing.of_session(database, token) is None
    session = await signing.of_session(database, full)
    assert session is not None
    assert session.stage == "full"
    assert session.expires_at > now() + timedelta(hours=8)
    assert [one.token_hash for one in await signing.sessions(database, lan)] == [session.token_hash]
    assert [one.what for one in await staff.events(database, "lan")][:2] == ["signed_in", "second_factor_set"]


async def test_where_it_is_optional_only_who_set_it_up_is_asked(database: Database, lan: Person) -> None:
    assert (await signing.with_password(database, "lan", GOOD, hours=1, always=False))[2] == "full"
    await enrol(database, lan)
    assert (await signing.with_password(database, "lan", GOOD, hours=1, always=False))[2] == "password"


async def test_a_code_opens_one_session_only(database: Database, lan: Person) -> None:
    secret, _ = await enrol(database, lan)
    code = pyotp.TOTP(secret).now()
    tokens = [await half(database) for _ in range(3)]
    made = await asyncio.gather(
        *(signing.with_code(database, token, code, seal=SEAL, hours=1) for token in tokens), return_exceptions=True
    )
    assert sum(isinstance(one, WrongCode) for one in made) == 2
    async with database.connect() as connection:
        stages = (await connection.scalars(select(staff_sessions.c.stage))).all()
    assert sorted(stages) == ["full", "password", "password"]


async def test_a_recovery_code_serves_once(database: Database, lan: Person) -> None:
    _, codes = await enrol(database, lan)
    assert len(set(codes)) == 8
    typed = codes[2].lower().replace(" ", "-")
    await signing.with_code(database, await half(database), typed, seal=SEAL, hours=1)
    assert await second_factor.recovery_left(database, lan) == 7
    with pytest.raises(WrongCode):
        await signing.with_code(database, await half(database), codes[2], seal=SEAL, hours=1)
    await signing.with_code(database, await half(database), codes[3], seal=SEAL, hours=1)
    assert (await staff.events(database, "lan"))[0].data == {"by": "recovery"}


async def test_new_recovery_codes_replace_the_old_ones(database: Database, lan: Person) -> None:
    with pytest.raises(Invalid):
        await second_factor.new_recovery_codes(database, lan, "123456", seal=SEAL)
    secret, old = await enrol(database, lan)
    with pytest.raises(WrongCode):
        await second_factor.new_recovery_codes(database, lan, "000000x", seal=SEAL)
    new = await second_factor.new_recovery_codes(database, lan, pyotp.TOTP(secret).now(), seal=SEAL)
    assert not set(new) & set(old)
    with pytest.raises(WrongCode):
        await signing.with_code(database, await half(database), old[0], seal=SEAL, hours=1)
    await signing.with_code(database, await half(database), new[0], seal=SEAL, hours=1)


async def test_a_wrong_code_opens_nothing(database: Database, lan: Person) -> None:
    await enrol(database, lan)
    token = await half(database)
    limits = Limits(by_name=100)
    garbage = ("", "000000", "٠٠٠٠٠٠", "x" * 5000, "\x00", "' or 1=1", "----", "AAAA AAAA AAAA AAAA")
    for code in garbage:
        with pytest.raises(WrongCode):
            await signing.with_code(database, token, code, seal=SEAL, hours=1, limits=limits)
    session = await signing.of_session(database, token)
    assert session is not None
    assert session.stage == "password"


async def test_wrong_codes_shut_the_account_each_round_for_twice_as_long(database: Database, lan: Person) -> None:
    secret, _ = await enrol(database, lan)
    limits = Limits(by_name=2, minutes=10)
    token = await half(database, limits)
    for _ in range(2):
        with pytest.raises(WrongCode):
            await signing.with_code(database, token, "000000", seal=SEAL, hours=1, limits=limits)
    with pytest.raises(TooManyAttempts):
        await signing.with_code(database, token, pyotp.TOTP(secret).now(), seal=SEAL, hours=1, limits=limits)
    await signing.unlock(database, "lan", actor="test")
    async with database.begin() as connection:
        await connection.execute(update(staff_table).values(failures=2))
    for _ in range(2):
        with pytest.raises(WrongCode):
            await signing.with_code(database, token, "000000", seal=SEAL, hours=1, limits=limits)
    locked = (await staff.get(database, "lan")).locked_until
    assert locked is not None
    assert timedelta(minutes=19) < locked - now() <= timedelta(minutes=20)
    # Another address, an old window: the right password alone does not help either, and says so to who has it.
    generous = Limits(by_name=50)
    with pytest.raises(TooManyAttempts, match="20 phút"):
        await signing.with_password(database, "lan", GOOD, hours=1, limits=generous)
    with pytest.raises(TooManyAttempts):
        await signing.with_code(database, token, pyotp.TOTP(secret).now(), seal=SEAL, hours=1, limits=generous)
    await signing.unlock(database, "lan", actor="test")
    await signing.with_code(database, token, pyotp.TOTP(secret).now(), seal=SEAL, hours=1, limits=generous)


async def test_giving_the_password_again_forgives_no_wrong_code(database: Database, lan: Person) -> None:
    await enrol(database, lan)
    limits = Limits(by_name=3)
    refused = 0
    for _ in range(5):
        try:
            token = await half(database, limits)
            await signing.with_code(database, token, "000000", seal=SEAL, hours=1, limits=limits)
        except WrongCode:
            refused += 1
        except TooManyAttempts:
            break
    assert refused == 3


async def test_without_the_password_a_code_opens_nothing(database: Database, lan: Person) -> None:
    secret, codes = await enrol(database, lan)
    for token in ("", "x", "\x00"):
        with pytest.raises(SignInRefused):
            await signing.with_code(database, token, codes[0], seal=SEAL, hours=1)
    _, full = await signing.with_code(database, await half(database), pyotp.TOTP(secret).now(), seal=SEAL, hours=1)
    with pytest.raises(SignInRefused):
        await signing.with_code(database, full, codes[0], seal=SEAL, hours=1)


async def test_half_a_session_is_not_completed_before_the_app_is_set_up(database: Database, lan: Person) -> None:
    token = await half(database)
    with pytest.raises(SignInRefused):
        await signing.complete(database, token, hours=1)
    await enrol(database, lan)
    await signing.complete(database, token, hours=1)
    with pytest.raises(SignInRefused):
        await signing.complete(database, token, hours=1)


async def test_a_secret_counts_once_it_is_confirmed(database: Database, lan: Person) -> None:
    first = await second_factor.begin(database, lan, seal=SEAL)
    assert await second_factor.begin(database, lan, seal=SEAL) == first
    with pytest.raises(WrongCode):
        await second_factor.confirm(database, lan, "000000x", seal=SEAL)
    assert not (await staff.get(database, "lan")).has_totp
    # Who signs in anew gets another: the first may have been seen.
    await half(database)
    second = await second_factor.begin(database, lan, seal=SEAL)
    assert second != first
    await second_factor.confirm(database, lan, pyotp.TOTP(second).now(), seal=SEAL)
    assert (await staff.get(database, "lan")).has_totp
    for again in (second_factor.begin(database, lan, seal=SEAL), second_factor.confirm(database, lan, "1", seal=SEAL)):
        with pytest.raises(Conflict):
            await again


async def test_after_a_reset_it_is_set_up_anew_and_every_session_is_over(database: Database, lan: Person) -> None:
    secret, codes = await enrol(database, lan)
    _, full = await signing.with_code(database, await half(database), pyotp.TOTP(secret).now(), seal=SEAL, hours=1)
    waiting = await half(database)
    assert not (await second_factor.reset(database, "lan", actor="chief")).has_totp
    assert await signing.of_session(database, full) is None
    with pytest.raises(SignInRefused):
        await signing.with_code(database, waiting, codes[0], seal=SEAL, hours=1)
    assert await second_factor.begin(database, lan, seal=SEAL) != secret
    with pytest.raises(NotFound):
        await second_factor.reset(database, "nobody", actor="chief")
    event = (await staff.events(database, "lan"))[0]
    assert (event.actor, event.what) == ("chief", "second_factor_reset")


async def test_neither_secret_nor_recovery_codes_can_be_read_in_the_database(database: Database, lan: Person) -> None:
    secret, codes = await enrol(database, lan)
    async with database.connect() as connection:
        kept = repr((await connection.execute(select(staff_table))).all())
    assert secret not in kept
    assert not any(code.replace(" ", "") in kept for code in codes)
    other = Seal([SecretStr("another key, which opens none of the first")])
    with pytest.raises(Unavailable, match="SEAL_KEYS"):
        await signing.with_code(database, await half(database), pyotp.TOTP(secret).now(), seal=other, hours=1)


async def test_one_can_sign_out_everywhere_else(database: Database, lan: Person) -> None:
    tokens = [(await signing.with_password(database, "lan", GOOD, hours=1, always=False))[1] for _ in range(3)]
    assert len(await signing.sessions(database, lan)) == 3
    assert await signing.sign_out_elsewhere(database, lan, tokens[1]) == 2
    assert [await signing.of_session(database, token) is not None for token in tokens] == [False, True, False]
    await signing.sign_out(database, tokens[1])
    await signing.sign_out(database, tokens[1])
    assert await signing.of_session(database, tokens[1]) is None
    assert [one.what for one in await staff.events(database, "lan")][:2] == ["signed_out", "signed_out_elsewhere"]


async def test_ones_own_password_is_checked_and_counted(database: Database, lan: Person) -> None:
    limits = Limits(by_name=2)
    assert await signing.is_password(database, lan, GOOD, limits=limits)
    for _ in range(2):
        assert not await signing.is_password(database, lan, "sai rồi nhé", limits=limits)
    with pytest.raises(TooManyAttempts):
        await signing.is_password(database, lan, GOOD, limits=limits)


async def test_on_postgresql_a_code_serves_once_and_attempts_made_at_once_count(postgres: Database) -> None:
    await units.ensure(postgres)
    person = await staff.add(postgres, "lan", GOOD, ["administrator"], actor="test", unit="kstthc")
    assert await units.ensure(postgres) == 0
    secret, codes = await enrol(postgres, person)
    code = pyotp.TOTP(secret).now()
    tokens = [await half(postgres) for _ in range(4)]
    made = await asyncio.gather(
        *(signing.with_code(postgres, token, code, seal=SEAL, hours=1) for token in tokens), return_exceptions=True
    )
    assert sum(isinstance(one, WrongCode) for one in made) == 3
    both = await asyncio.gather(
        staff.add(postgres, "minh", GOOD, ["administrator"], actor="test"),
        staff.add(postgres, "minh", GOOD, ["administrator"], actor="test"),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Conflict) for one in both) == 1
    # Two administrators who shut each other's account at once leave one.
    shut = await asyncio.gather(
        *(staff.disable(postgres, name, actor="test") for name in ("lan", "minh")), return_exceptions=True
    )
    assert sum(isinstance(one, Conflict) for one in shut) == 1
    await staff.enable(postgres, "lan", actor="test")
    token = await half(postgres)
    await signing.with_code(postgres, token, codes[0], seal=SEAL, hours=1)
    assert await second_factor.recovery_left(postgres, person) == 7
    limits = Limits(by_name=3)
    tried = await asyncio.gather(
        *(
            signing.with_password(postgres, "lan", "sai rồi nhé", hours=1, limits=limits, address="192.0.2.1")
            for _ in range(10)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, SignInRefused) for one in tried) == 3
    assert sum(isinstance(one, TooManyAttempts) for one in tried) == 7
    with pytest.raises(SignInRefused):
        await signing.with_password(postgres, "\x00", GOOD, hours=1)
    await signing.unlock(postgres, "lan", actor="test")
    await second_factor.reset(postgres, "lan", actor="test")
    assert len(await staff.events(postgres, "lan", limit=3)) == 3
    async with postgres.begin() as connection:
        assert await units.route(connection, Kind.feedback, None, None, "Cán bộ hách dịch") is not None
    assert (await units.list_(postgres))[0].place_code is None
