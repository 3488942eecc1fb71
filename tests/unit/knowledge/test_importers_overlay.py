"""Our own YAML: a mistake stops the file and is named by file, procedure and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.catalogue import STARTER
from knowledge.importers import overlay
from knowledge.importers.report import Severity
from knowledge.text import tokens
from store.errors import Invalid

GOOD = """
field: Hộ tịch
procedures:
  - code: "1.001193"
    name: Thủ tục đăng ký khai sinh
    everyday: [làm giấy khai sinh]
    fees: [{amount: 8000}]
    receiving: [{office: commune_centre, valid_from: 2025-07-01}]
    source: {title: Cơ sở dữ liệu quốc gia}
"""


def write(tmp_path: Path, text: str, name: str = "a.yml") -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_good_file_gives_its_procedures_with_the_field_of_the_file(tmp_path: Path) -> None:
    result = overlay.load([write(tmp_path, GOOD)], starter=True)
    (procedure,) = result.procedures
    assert (procedure.code, procedure.field, procedure.starter) == ("1.001193", "Hộ tịch", True)
    assert procedure.fees[0].text == "8.000 đồng"
    assert result.report.sha256


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("name: Thủ tục đăng ký khai sinh", "nane: x", "a.yml, 1.001193, name"),
        ("amount: 8000", "amount: nhiều", "a.yml, 1.001193, fees.0"),
        ("office: commune_centre", "office: xa", "a.yml, 1.001193, receiving.0.office"),
        ("office: commune_centre", "office: other", "a.yml, 1.001193, receiving.0"),
        ('code: "1.001193"', "code: 1.001193", "a.yml, 1.001193, code: write it in quotes"),
        ("source: {title: Cơ sở dữ liệu quốc gia}", "sources: {}", "a.yml, 1.001193, source"),
        ("field: Hộ tịch", "fields: Hộ tịch", "unknown key 'fields'"),
        ("procedures:", "procedure:", "expected `field:` and a list `procedures:`"),
        ("field: Hộ tịch", "field: [", "is not YAML"),
        ("    fees", "    starter: true\n    fees", "a.yml, 1.001193, starter"),
    ],
)
def test_a_mistake_is_named_with_file_procedure_and_field(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in GOOD
    with pytest.raises(Invalid) as caught:
        overlay.load([write(tmp_path, GOOD.replace(old, new, 1))])
    assert named in caught.value.message


def test_the_same_code_in_two_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"b\.yml, 1\.001193, code: already in a\.yml"):
        overlay.load([write(tmp_path, GOOD), write(tmp_path, GOOD, "b.yml")])


def test_an_everyday_name_of_two_procedures_is_a_warning(tmp_path: Path) -> None:
    other = GOOD.replace("1.001193", "1.004884").replace("làm giấy khai sinh", "Lam giay khai sinh")
    result = overlay.load([write(tmp_path, GOOD), write(tmp_path, other, "b.yml")])
    assert [r.severity for r in result.report.remarks] == [Severity.warning]


def test_the_starter_catalogue_is_whole_distinct_and_plain() -> None:
    result = overlay.load(STARTER.glob("*.yml"), starter=True)
    assert len(result.procedures) >= 150
    assert len({p.field for p in result.procedures}) >= 20
    assert not result.report.remarks
    # Where the national record does not say who receives, the starter does not invent it.
    assert result.report.as_read["receiving"] / len(result.procedures) > 0.95
    for procedure in result.procedures:
        assert procedure.everyday, procedure.code
        assert all(tokens(name) for name in procedure.everyday), procedure.code
        assert procedure.checked is not None, procedure.code
