"""`motcua desk explain|mind|calendar`: deadlines and the calendar on the terminal, and wrong input."""

from __future__ import annotations

import asyncio
from pathlib import Path

from desk.cases import Draft
from desk.kinds import Kind
from motcua.compose import compose
from motcua.settings import Settings
from tests.integration.motcua.conftest import Run


async def _open(home: Path, kind: Kind) -> str:
    parts = await compose(Settings(home=home))
    try:
        case, _pin = await parts.cases.open(Draft(kind, "Đèn đường hỏng", "Đèn hỏng một tuần"), key=kind.value)
    finally:
        await parts.close()
    return case.code


def test_a_date_is_explained_and_follows_the_calendar(motcua: Run, tmp_path: Path) -> None:
    assert motcua("desk", "calendar", "list", "--json").json == []
    home = next(tmp_path.rglob("motcua.db")).parent
    code = asyncio.run(_open(home, Kind.feedback))
    explained = motcua("desk", "explain", code)
    assert explained.code == 0, explained.err
    assert "Xem xét phản ánh, kiến nghị và chuyển cơ quan có thẩm quyền: hạn" in explained.out
    assert "  4. Ngày đầu (" in explained.out
    [forward, answer] = motcua("desk", "explain", code, "--json").json
    assert (forward["rule"], forward["verified"], answer["verified"]) == ("feedback_forward", True, False)

    day = forward["due_at"][:10]
    added = motcua("desk", "calendar", "add", day, "--off", "--note", "Nghỉ do bão", "--source", "Công điện 1")
    assert added.code == 0, added.err
    assert motcua("desk", "explain", code, "--json").json[0]["due_at"] > forward["due_at"]
    [row] = motcua("desk", "calendar", "list", "--json").json
    assert (row["day"], row["working"]) == (day, False)
    assert "Nghỉ do bão" in motcua("desk", "calendar", "list").out
    assert motcua("desk", "calendar", "end", str(row["id"])).code == 0
    assert motcua("desk", "explain", code, "--json").json[0]["due_at"] == forward["due_at"]
    assert motcua("desk", "calendar", "apply", "--json").json == {"changed": 0}
    assert motcua("desk", "mind", "--json").json == {"warned": 0, "escalated": 0, "asked": 0, "closed": 0}
    # A denunciation is not in what the command line shows.
    assert motcua("desk", "explain", asyncio.run(_open(home, Kind.denunciation))).code == 3


def test_a_year_is_listed_to_be_compared_with_the_decided_one(motcua: Run) -> None:
    year = motcua("desk", "calendar", "check", "2026", "--json").json
    assert year["decided"]
    assert {day["day"]: day["working"] for day in year["days"]}["2026-01-10"] is True
    assert "was not compared" in motcua("desk", "calendar", "check", "2027").out


def test_wrong_input_ends_with_a_sentence(motcua: Run) -> None:
    for arguments, code in (
        (("explain", "MC-222222"), 3),
        (("explain", "🙂"), 3),
        (("calendar", "check", "1500"), 2),
        (("calendar", "check", "2026", "--unit", "nowhere"), 3),
        (("calendar", "add", "tomorrow", "--note", "x", "--source", "y"), 2),
        (("calendar", "add", "2026-12-14", "--note", " ", "--source", "y"), 2),
        (("calendar", "end", "99"), 3),
    ):
        done = motcua("desk", *arguments)
        assert done.code == code, arguments
        assert done.err.startswith("motcua: "), arguments
