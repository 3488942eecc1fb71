"""`motcua catalogue …`: a version from its file to the live one, with what each command prints."""

from __future__ import annotations

from pathlib import Path

from tests.integration.motcua.conftest import Run

STARTER = Path(__file__).resolve().parents[3] / "knowledge" / "starter"


def test_a_version_is_staged_compared_approved_published_and_remembered(motcua: Run, tmp_path: Path) -> None:
    source = STARTER / "nha_o.yml"
    first = motcua("catalogue", "stage", "--json", "--why", "bản đầu", str(source))
    assert (first.code, first.json["state"]) == (0, "staged"), first.err
    assert motcua("ask", "nhà ở").code == 5
    assert motcua("catalogue", "golden", "add", "mua nhà ở xã hội", "--json").json["codes"] == []
    published = motcua("catalogue", "publish", first.json["id"])
    assert published.code == 0, published.err
    assert "is live" in published.out
    assert "golden questions" in published.out

    changed = tmp_path / "nha_o.yml"
    text = source.read_text(encoding="utf-8")
    changed.write_text(text.replace("name: ", "name: Sửa ", 1), encoding="utf-8")
    second = motcua("catalogue", "stage", str(changed))
    assert "1 changed" in second.out
    version = motcua("catalogue", "list", "--json").json[0]["id"]
    shown = motcua("catalogue", "diff", version)
    assert "(name)" in shown.out
    assert "+ Sửa " in shown.out
    assert motcua("catalogue", "diff", version, "--json").json["counts"]["fields"] == {"name": 1}
    assert motcua("catalogue", "diff", version, "--important", "--json").json["changed"] == []
    assert motcua("catalogue", "diff", version, "--against", version, "--json").json["counts"]["changed"] == 0
    assert motcua("catalogue", "report", version, "--json").json["source"] == "nha_o.yml"
    assert motcua("catalogue", "approve", version, "--json").json["state"] == "approved"
    assert motcua("catalogue", "reject", version, "--why", "sai").code == 0
    assert motcua("catalogue", "publish", version).code == 4

    history = motcua("catalogue", "history", "--json").json
    assert [event["what"] for event in history] == ["rejected", "approved", "staged", "published", "built", "staged"]
    assert history[-1]["data"]["why"] == "bản đầu"
    assert len(history[-1]["data"]["source_sha256"]) == 64
    assert "sai" in motcua("catalogue", "history").out
    again = motcua("catalogue", "stage")
    assert "no difference" in again.out


def test_wrong_words_end_with_the_right_status(motcua: Run, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.bin"
    garbage.write_bytes(bytes(range(256)))
    for code, arguments in (
        (2, ("stage", str(garbage))),
        (2, ("stage", str(tmp_path / "none.jsonl"))),
        (2, ("stage", "--as-of", "today", str(garbage))),
        (3, ("stage",)),
        (3, ("diff", "none")),
        (2, ("diff", "none", "--field", "nothing")),
        (3, ("approve", "none")),
        (2, ("reject", "none")),
        (3, ("reject", "none", "--why", "x")),
        (3, ("report", "\x00")),
        (2, ("history", "--most", "0")),
        (2, ("golden", "add", " ")),
        (2, ("golden", "import", str(garbage))),
        (3, ("golden", "end", "7")),
        (2, ("golden", "end", "seven")),
    ):
        done = motcua("catalogue", *arguments)
        assert done.code == code, (arguments, done.out, done.err)
        assert "Traceback" not in done.err


def test_golden_questions_are_imported_listed_and_ended(motcua: Run, tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text('{"question": "làm khai sinh", "codes": ["1.001193"]}\nno json\n', encoding="utf-8")
    taken = motcua("catalogue", "golden", "import", str(file))
    assert taken.code == 0
    assert "1 of 2 questions added" in taken.out
    (one,) = motcua("catalogue", "golden", "list", "--json").json
    assert one["codes"] == ["1.001193"]
    assert "làm khai sinh" in motcua("catalogue", "golden", "list").out
    assert motcua("catalogue", "golden", "end", str(one["id"])).code == 0
    assert motcua("catalogue", "golden", "list", "--json").json == []
    assert len(motcua("catalogue", "golden", "list", "--ended", "--json").json) == 1
