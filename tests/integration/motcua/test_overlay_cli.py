"""`motcua overlay …`: the province's layer from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.motcua.conftest import Run

COMMANDS = [(), ("import",), ("list",), ("add",), ("end",), ("counts",)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_overlay_command_explains_itself(motcua: Run, command: tuple[str, ...]) -> None:
    done = motcua("overlay", *command, "--help")
    assert done.code == 0
    assert "Usage: motcua overlay" in done.out


def test_a_table_is_imported_listed_counted_and_a_row_ended(motcua: Run, tmp_path: Path) -> None:
    path = tmp_path / "levels.csv"
    path.write_text("Mã TTHC,Mức độ\n1.001193,4\n1.004222,3\n1.000001,9\n", encoding="utf-8")
    done = motcua("overlay", "import", str(path), "--kind", "online_level", "--from", "2019-12-31", "--json")
    assert done.code == 0, done.err
    assert (done.json["total"], done.json["accepted"]) == (3, 2)
    assert done.json["issues"][0]["line"] == 4
    assert (
        "2 taken: added 0"
        in motcua("overlay", "import", str(path), "--kind", "online_level", "--from", "2019-12-31").out
    )
    rows = motcua("overlay", "list", "--code", "1.001193", "--json").json
    assert [(row["code"], row["value"]["value"], row["valid_from"]) for row in rows] == [
        ("1.001193", "level_4", "2019-12-31")
    ]
    [counts] = motcua("overlay", "counts", "--json").json
    assert counts["values"] == {"level_3": 1, "level_4": 1}
    ended = motcua("overlay", "end", str(rows[0]["id"]), "--json")
    assert ended.json["ended_by"]
    assert motcua("overlay", "end", str(rows[0]["id"])).code == 4
    assert "level_3" in motcua("overlay", "counts").out
    assert "1.001193" not in motcua("overlay", "list").out
    assert "1.001193" in motcua("overlay", "list", "--ended").out


def test_one_fact_is_set_for_a_code_that_the_live_catalogue_holds(motcua: Run) -> None:
    value = '{"office": "province_centre", "accepts": false}'
    done = motcua("overlay", "add", "1.001193", "receiving", value, "--decision", "2377/QĐ-UBND", "--json")
    assert done.code == 0, done.err
    assert (done.json["decision"], done.json["value"]["accepts"]) == ("2377/QĐ-UBND", False)
    assert motcua("overlay", "add", "1.001193", "receiving", value, "--decision", "2377/QĐ-UBND").code == 4


def test_a_code_that_the_live_catalogue_does_not_hold_is_not_found(motcua: Run, live_home: Path) -> None:
    done = motcua("overlay", "add", "9.999999", "post", '{"in": true}', home=live_home)
    assert done.code == 3
    assert "9.999999" in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("import", "nothing.csv", "--kind", "post"), 2),
        (("import", "nothing.csv", "--kind", "colour"), 2),
        (("import", "nothing.csv", "--kind", "online_level", "--scheme", "2019"), 2),
        (("import", "nothing.csv", "--kind", "post", "--from", "yesterday"), 2),
        (("import", "nothing.csv"), 2),
        (("add", "1.001193", "post", "{"), 2),
        (("add", "1.001193", "post", "[]"), 2),
        (("add", "1.001193", "post", "{}"), 2),
        (("add", "1.001193", "colour", "{}"), 2),
        (("end", "one"), 2),
        (("end", "999"), 3),
        (("list", "--kind", "colour"), 2),
        (("counts", "--on", "never"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_garbage_ends_with_a_sentence_and_a_status(motcua: Run, arguments: tuple[str, ...], code: int) -> None:
    done = motcua("overlay", *arguments)
    assert done.code == code
    assert done.err
    assert "Traceback" not in done.err
