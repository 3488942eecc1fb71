"""Which addresses of a database are taken, and what is said about the others."""

from __future__ import annotations

import pytest

from store.engine import Database
from store.errors import Conflict, Invalid, MotcuaError, NotFound, Unavailable


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("sqlite+aiosqlite:////data/motcua.db", "sqlite"),
        ("sqlite+aiosqlite:///motcua.db", "sqlite"),
        ("postgresql+asyncpg://motcua@db/motcua", "postgresql"),
    ],
)
async def test_the_two_kinds_are_taken(url: str, dialect: str) -> None:
    database = Database(url)
    assert database.dialect == dialect
    await database.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite:///x.db", "postgresql://u@h/x", "mysql+aiomysql://u@h/x", "http://example.org/"]
)
def test_another_kind_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(Invalid, match=r"MOTCUA_STORE__URL.*sqlite\+aiosqlite:///FILE"):
        Database(url)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_a_database_in_memory_is_refused_because_processes_share_it(url: str) -> None:
    with pytest.raises(Invalid, match="names no file"):
        Database(url)


@pytest.mark.parametrize("url", ["postgresql+asyncpg//u:hunter2@h/x", "mysql://u:hunter2@h/x", "u:hunter2@h"])
def test_a_password_in_a_wrong_address_is_not_repeated(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        Database(url)
    assert "hunter2" not in str(refused.value)


def test_every_error_has_its_own_code_status_and_exit_code() -> None:
    kinds = [MotcuaError, NotFound, Invalid, Conflict, Unavailable]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert len({kind.status for kind in kinds}) == len(kinds)
    assert len({kind.exit_code for kind in kinds}) == len(kinds)
    assert NotFound("Không có.").message == "Không có."
    assert str(NotFound("Không có.")) == "Không có."
