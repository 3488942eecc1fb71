"""`motcua letters`: on the terminal, for programs, and with what makes no sense."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from store.engine import Database
from tests.integration.motcua.conftest import Run
from tests.support.letters import talk, unanswered, unsent


async def _three(home: Path) -> tuple[str, str, str]:
    database = Database(f"sqlite+aiosqlite:///{home / 'motcua.db'}")
    try:
        chat = await talk(database)
        return (
            await unsent(database, chat, "[bold]Chào anh/chị"),
            await unsent(database, chat, state="unknown"),
            await unanswered(database, chat),
        )
    finally:
        await database.close()


@pytest.fixture
def keys(motcua: Run, tmp_path: Path) -> tuple[str, str, str]:
    """One message given up, one that may have arrived, one of a citizen."""
    assert "none" in motcua("letters", "list").out
    return asyncio.run(_three(next(tmp_path.rglob("motcua.db")).parent))


def test_letters_are_listed_shown_and_let_rest(motcua: Run, keys: tuple[str, str, str]) -> None:
    listed = motcua("letters", "list", "--json").json
    assert {one["key"] for one in listed["letters"]} == set(keys)
    assert [(each["kind"], each["number"]) for each in listed["counts"]] == [
        ("dead", 1),
        ("unknown", 1),
        ("unanswered", 1),
    ]
    first = motcua("letters", "list", "--limit", "1", "--json").json
    rest = motcua("letters", "list", "--before", first["more"], "--json").json
    assert len(first["letters"] + rest["letters"]) == 3
    text = motcua("letters", "list", "--kind", "dead").out
    assert "[bold]Chào" in text
    assert "Tôi cần khai sinh" not in motcua("letters", "list").out
    shown = motcua("letters", "show", keys[0]).out
    assert ("cause: blocked" in shown, "reason: Forbidden: bot was kicked" in shown) == (True, True)
    assert motcua("letters", "drop", keys[0], "--json").json["key"] == keys[0]
    assert motcua("letters", "show", keys[0], "--json").json["seen_by"] is not None
    assert motcua("letters", "drop", keys[0]).code == 4


def test_letters_go_again_one_by_one_or_all(
    motcua: Run, keys: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert motcua("letters", "again", keys[0]).code == 0
    assert motcua("letters", "again", keys[0]).code == 4
    doubtful = motcua("letters", "again", keys[1])
    assert (doubtful.code, "hai lần" in doubtful.err) == (2, True)
    # Who is asked says no, or is not there.
    for said, code in (("n\n", 4), ("", 1)):
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        assert motcua("letters", "again", "--all", "--channel", "telegram").code == code
    assert motcua("letters", "again", "--all", "--channel", "telegram", "--yes", "--json").json == {
        "again": 1,
        "left": 1,
    }
    assert motcua("letters", "again", keys[1], "--sure").code == 0
    assert motcua("letters", "list", "--json").json["letters"] == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("again",), 2),
        (("again", "x"), 2),
        (("again", "outbox:1", "--channel", "web"), 2),
        (("again", "outbox:1", "--all", "--channel", "web"), 2),
        (("again", "--all"), 2),
        (("again", "--all", "--channel", "sms", "--yes"), 2),
        (("again", "outbox:1"), 3),
        (("drop", "inbox:99"), 3),
        (("show", "inbox:99"), 3),
        (("list", "--limit", "0"), 2),
        (("list", "--kind", "x"), 2),
        (("list", "--channel", "x"), 2),
        (("list", "--before", "x"), 2),
    ],
)
def test_what_makes_no_sense_ends_in_the_right_code(motcua: Run, words: tuple[str, ...], code: int) -> None:
    ended = motcua("letters", *words)
    assert (ended.code, "Traceback" in ended.err, ended.err != "") == (code, False, True)
