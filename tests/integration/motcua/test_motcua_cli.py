"""The command line: what it prints, as text and as JSON, and with which status it ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import update

from desk.cases import Draft, Kind
from motcua.compose import compose
from motcua.settings import Settings
from store.tables import audit
from tests.integration.motcua.conftest import Run

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = [
    (),
    ("up",),
    ("train",),
    ("ask",),
    ("catalogue",),
    ("catalogue", "import"),
    ("catalogue", "stage"),
    ("catalogue", "diff"),
    ("catalogue", "approve"),
    ("catalogue", "reject"),
    ("catalogue", "report"),
    ("catalogue", "history"),
    ("catalogue", "golden"),
    ("catalogue", "golden", "list"),
    ("catalogue", "golden", "add"),
    ("catalogue", "golden", "import"),
    ("catalogue", "golden", "end"),
    ("catalogue", "list"),
    ("catalogue", "show"),
    ("catalogue", "publish"),
    ("catalogue", "rollback"),
    ("catalogue", "reindex"),
    ("places",),
    ("places", "resolve"),
    ("case",),
    ("case", "show"),
    ("audit",),
    ("audit", "verify"),
    ("audit", "show"),
    ("settings",),
    ("staff",),
    ("staff", "add"),
    ("staff", "list"),
    ("staff", "roles"),
    ("staff", "password"),
    ("staff", "disable"),
    ("staff", "history"),
    ("settings", "show"),
    ("letters",),
    ("letters", "list"),
    ("letters", "show"),
    ("letters", "again"),
    ("letters", "drop"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(motcua: Run, command: tuple[str, ...]) -> None:
    done = motcua(*command, "--help")
    assert done.code == 0
    assert "Usage: motcua" in done.out
    assert "\n\n" in done.out
    assert done.err == ""


def test_help_asks_nothing_of_the_machine(motcua: Run, tmp_path: Path) -> None:
    motcua("ask", "--help")
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("nothing",),
        ("ask",),
        ("ask", "a", "b"),
        ("ask", "--nothing", "a"),
        ("catalogue", "nothing"),
        ("catalogue", "import"),
        ("places", "resolve"),
        ("up", "--ready-s", "soon"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two(motcua: Run, command: tuple[str, ...]) -> None:
    done = motcua(*command)
    assert done.code == 2
    assert "Traceback" not in done.err


# ask


def test_a_question_is_answered_as_a_citizen_reads_it(motcua: Run, live_home: Path) -> None:
    done = motcua("ask", "lam giay khai sinh cho con o dau, em o xa my hoa hung", home=live_home)
    assert done.code == 0, done.err
    assert "đăng ký khai sinh" in done.out.lower()
    assert "xã Mỹ Hòa Hưng" in done.out
    assert "1.001193" in done.out
    assert "**" not in done.out


def test_an_answer_as_json_says_how_it_was_found(motcua: Run, live_home: Path) -> None:
    done = motcua("ask", "--json", "làm giấy khai sinh cho con cần giấy gì, bao nhiêu tiền", home=live_home)
    assert done.code == 0, done.err
    assert done.json["facets"] == ["documents", "fee"]
    assert done.json["decision"] == "answer"
    assert done.json["hits"][0]["code"] == "1.001193"
    assert "1.001193" in done.json["messages"][0]["text"]


def test_the_place_can_be_given_beside_the_question(motcua: Run, live_home: Path) -> None:
    done = motcua("ask", "--place", "my hoa hung", "làm giấy khai sinh cho con ở đâu", home=live_home)
    assert "xã Mỹ Hòa Hưng" in done.out


@pytest.mark.parametrize("place", ["nowhere", "", "xã Vĩnh Châu, Châu Đốc", "huyện Châu Phú", "🙂"])
def test_a_place_that_is_not_one_commune_is_not_found(motcua: Run, live_home: Path, place: str) -> None:
    done = motcua("ask", "--place", place, "làm giấy khai sinh", home=live_home)
    assert done.code == 3
    assert "places resolve" in done.err


@pytest.mark.parametrize(
    "text", ["", " ", "?", "👍", "\x00", "asdf qwer zxcv", "/start", "--", "x" * 20_000, "'; drop table cases; --"]
)
def test_no_question_breaks_it(motcua: Run, live_home: Path, text: str) -> None:
    done = motcua("ask", "--json", "--", text, home=live_home)
    assert done.code == 0, done.err
    assert done.json["messages"][0]["text"]


def test_without_a_catalogue_it_says_what_to_do(motcua: Run) -> None:
    done = motcua("ask", "làm giấy khai sinh")
    assert done.code == 5
    assert "catalogue" in done.err
    assert "Traceback" not in done.err


# places


def test_an_old_name_without_diacritics_leads_to_the_new_commune(motcua: Run) -> None:
    done = motcua("places", "resolve", "xa my hoa hung")
    assert done.code == 0
    assert "Xã Mỹ Hòa Hưng" in done.out


def test_a_name_of_two_places_lists_both(motcua: Run) -> None:
    done = motcua("places", "resolve", "--json", "phu thanh, phu tan", "--on", "2024-01-01")
    assert done.code == 0, done.err
    assert {match["place"]["name"] for match in done.json["matches"]} == {"Xã Phú Thạnh", "Xã Phú Thành"}


def test_the_day_changes_the_answer(motcua: Run) -> None:
    old = motcua("places", "resolve", "--json", "xã Vĩnh Châu, Châu Đốc", "--on", "2024-01-01").json["matches"]
    new = motcua("places", "resolve", "--json", "xã Vĩnh Châu, Châu Đốc", "--on", "2026-01-01").json["matches"]
    assert [match["place"]["name"] for match in old] == ["Xã Vĩnh Châu"]
    assert len(new) > 1
    assert all(match["hamlet_needed"] for match in new)


@pytest.mark.parametrize("name", ["Hà Nội phố", "", "?", "🙂", "\x00", "x" * 10_000, "0912345678"])
def test_no_place_ends_with_three(motcua: Run, name: str) -> None:
    done = motcua("places", "resolve", "--", name)
    assert done.code == 3
    assert "Traceback" not in done.err


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "2026-02-30", "22/11/2026", "٢٠٢٦-01-01", "9" * 50])
def test_a_day_that_is_none_ends_with_two(motcua: Run, day: str) -> None:
    done = motcua("places", "resolve", "Châu Đốc", "--on", day)
    assert done.code == 2
    assert "YYYY-MM-DD" in done.err


# cases


def test_a_case_is_shown_as_staff_see_it(motcua: Run, tmp_path: Path) -> None:
    async def make() -> str:
        parts = await compose(Settings(home=tmp_path / "var"))
        draft = Draft(Kind.complaint, "Đường hư", "Đường trước nhà hư nặng", place_text="ấp 1", contact="0912345678")
        case, _ = await parts.cases.open(draft, key="k")
        await parts.close()
        return case.code

    code = asyncio.run(make())
    done = motcua("case", "show", code)
    assert done.code == 0, done.err
    assert "Đường trước nhà hư nặng" in done.out
    assert "0912345678" in done.out
    record = motcua("case", "show", "--json", code.lower()).json
    assert record["code"] == code
    assert record["kind"] == "complaint"
    assert record["created_at"]


def test_a_denunciation_is_not_shown_on_the_command_line(motcua: Run, tmp_path: Path) -> None:
    async def make() -> str:
        parts = await compose(Settings(home=tmp_path / "var"))
        case, _ = await parts.cases.open(Draft(Kind.denunciation, "Nhận tiền", "Ông X nhận tiền"), key="k")
        await parts.close()
        return case.code

    code = asyncio.run(make())
    for command in ("case", "audit"):
        done = motcua(command, "show", code)
        assert (done.code, done.out) == (3, "")


def test_the_log_is_checked_and_a_changed_entry_found(motcua: Run, tmp_path: Path) -> None:
    async def make(*, key: str, spoil: bool = False) -> str:
        parts = await compose(Settings(home=tmp_path / "var"))
        case, _ = await parts.cases.open(Draft(Kind.feedback, "Rác", "Rác chất đống"), key=key)
        if spoil:
            async with parts.database.begin() as connection:
                await connection.execute(update(audit).where(audit.c.id == 1).values(actor="somebody"))
        await parts.close()
        return case.code

    code = asyncio.run(make(key="k1"))
    whole = motcua("audit", "verify")
    assert whole.code == 0
    assert "the log is whole" in whole.out
    digest = motcua("audit", "verify", "--json").json["digest"]
    assert motcua("audit", "show", "--json", code).json[0]["action"] == "received"
    assert "received" in motcua("audit", "show", code).out
    asyncio.run(make(key="k2"))
    assert motcua("audit", "verify", "--expect", digest).code == 0
    for other in ("0" * 64, "nonsense"):
        gone = motcua("audit", "verify", "--expect", other)
        assert gone.code == 1
        assert "tampered" in gone.err
    asyncio.run(make(key="k3", spoil=True))
    spoilt = motcua("audit", "verify", "--json")
    assert spoilt.code == 1
    assert spoilt.json["broken"].startswith("entry 1 ")
    assert "Traceback" not in spoilt.err


@pytest.mark.parametrize("code", ["MC-234567", "nothing", "", "' or 1=1 --", "\x00", "🙂", "x" * 10_000])
def test_a_case_that_is_none_ends_with_three(motcua: Run, code: str) -> None:
    done = motcua("case", "show", "--", code)
    assert done.code == 3
    assert "Traceback" not in done.err


# catalogue


def test_a_file_is_imported_listed_shown_and_taken_back(motcua: Run, tmp_path: Path) -> None:
    starter = ROOT / "knowledge" / "starter"
    first = motcua("catalogue", "import", "--json", str(starter / "can_cuoc.yml"))
    assert first.code == 0, first.err
    assert first.json["live"] is True
    assert first.json["procedures"] > 5
    second = motcua("catalogue", "import", str(starter / "nha_o.yml"))
    assert second.code == 0, second.err
    assert "live" in second.out
    listed = motcua("catalogue", "list", "--json").json
    assert [version["live"] for version in listed] == [True, False]
    assert motcua("catalogue", "show", "1.001193").code == 3
    back = motcua("catalogue", "rollback", "--json")
    assert back.code == 0, back.err
    assert back.json["id"] == first.json["id"]
    table = motcua("catalogue", "list")
    assert first.json["id"] in table.out
    assert motcua("catalogue", "publish", listed[0]["id"]).code == 0


def test_a_version_may_be_built_without_going_live(motcua: Run) -> None:
    path = str(ROOT / "knowledge" / "starter" / "nha_o.yml")
    built = motcua("catalogue", "import", "--no-publish", "--json", path)
    assert built.code == 0, built.err
    assert built.json["live"] is False
    assert motcua("ask", "nhà ở").code == 5


def test_there_is_nothing_to_do_for_a_catalogue_of_this_release(motcua: Run, live_home: Path) -> None:
    before = motcua("catalogue", "list", "--json", home=live_home).json
    done = motcua("catalogue", "reindex", home=live_home)
    assert done.code == 0, done.err
    assert done.out == "nothing to do\n"
    assert motcua("catalogue", "list", "--json", home=live_home).json == before


def test_one_procedure_is_shown_as_json(motcua: Run, live_home: Path) -> None:
    done = motcua("catalogue", "show", "1.001193", home=live_home)
    assert done.code == 0
    assert done.json["code"] == "1.001193"
    assert done.json["receiving"]


@pytest.mark.parametrize("code", ["9.999999", "", "?", "\x00", "1.001193 "])
def test_a_procedure_that_is_none_ends_with_three(motcua: Run, live_home: Path, code: str) -> None:
    assert motcua("catalogue", "show", "--", code, home=live_home).code == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.yml", None),
        ("empty.yml", b""),
        ("broken.yml", b"procedures: [\n  - {code: "),
        ("binary.yml", bytes(range(256))),
        ("text.jsonl", b"this is no json\n"),
        ("empty.jsonl", b""),
        ("broken.jsonl.gz", b"\x1f\x8b\x08\x00garbage"),
        ("page.docx", b"PK"),
        ("array.jsonl", b"[1, 2, 3]\n"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_and_nothing_goes_live(
    motcua: Run, tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = motcua("catalogue", "import", str(path))
    assert done.code == 2, done.out + done.err
    assert "Traceback" not in done.err
    assert [version["live"] for version in motcua("catalogue", "list", "--json").json if version["live"]] == []


def test_without_a_version_before_there_is_no_way_back(motcua: Run) -> None:
    assert motcua("catalogue", "rollback").code == 3
    assert motcua("catalogue", "publish", "nothing").code == 3
    assert motcua("catalogue", "list", "--json").json == []


# settings


def test_settings_are_listed_with_their_meaning_and_without_secrets(motcua: Run) -> None:
    done = motcua("settings", "show", MOTCUA_DESK__SECRET="hunter2", MOTCUA_BOT__WEB__PORT="9123")
    assert done.code == 0, done.err
    assert "MOTCUA_BOT__WEB__PORT=9123" in done.out.splitlines()
    assert "MOTCUA_DESK__SECRET=********" in done.out.splitlines()
    assert "hunter2" not in done.out


def test_a_password_in_the_address_of_the_database_is_not_shown(motcua: Run) -> None:
    done = motcua("settings", "show", "--json", MOTCUA_STORE__URL="postgresql+asyncpg://u:hunter2@h/x")
    assert "hunter2" not in done.out
    (row,) = [row for row in done.json if row["name"] == "MOTCUA_STORE__URL"]
    assert row["value"] == "postgresql+asyncpg://u:***@h/x"


def test_every_name_that_is_listed_can_be_set(motcua: Run) -> None:
    rows = motcua("settings", "show", "--json").json
    again = motcua(
        "settings", "show", "--json", **{row["name"]: row["value"] for row in rows if row["value"] not in ("", "[]")}
    )
    assert again.code == 0, again.err
    assert {row["name"]: row["value"] for row in again.json} == {row["name"]: row["value"] for row in rows}
