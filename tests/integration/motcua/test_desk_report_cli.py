"""`motcua desk report` and `recount`: a report on the terminal and in files, and wrong input."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.motcua.conftest import Run


def test_a_report_is_printed_and_written(motcua: Run, tmp_path: Path) -> None:
    assert motcua("desk", "recount", "--json").json == {"cases": 0}
    days = ("--from", "2026-11-01", "--to", "2026-11-30")
    printed = motcua("desk", "report", *days)
    assert printed.code == 0, printed.err
    assert "từ 01/11/2026 đến 30/11/2026" in printed.out
    titles = [table["title"] for table in motcua("desk", "report", *days, "--json").json]
    assert "Theo đơn vị" in titles
    book, plain = tmp_path / "r.xlsx", tmp_path / "r.csv"
    assert motcua("desk", "report", *days, "--xlsx", str(book), "--csv", str(plain)).code == 0
    assert book.read_bytes().startswith(b"PK")
    assert "Phiếu mở lại" in plain.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--from", "2026-11-01"), 2),
        (("--from", "2026-11-01", "--to", "1.12.2026"), 2),
        (("--from", "2026-11-02", "--to", "2026-11-01"), 2),
        (("--unit", "nowhere"), 3),
        (("--xlsx", "/nowhere/at/all.xlsx"), 2),
    ],
)
def test_wrong_input_ends_with_a_sentence(motcua: Run, arguments: tuple[str, ...], code: int) -> None:
    done = motcua("desk", "report", *arguments)
    assert done.code == code
    assert done.err.startswith("motcua: ")
