"""Everyday words: found, not confused, and every table well-formed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge.catalogue import STARTER
from knowledge.importers import overlay
from knowledge.text import tokens
from knowledge.vocabulary import FILE, Vocabulary, words
from store.errors import Invalid


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.shipped()


def official(vocabulary: Vocabulary, text: str) -> str:
    found = vocabulary.expand(tokens(text), words(text))
    return " | ".join(" ".join(expansion.entry.official) for expansion in found)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("cà vẹt xe tôi đâu", "dang ky xe"),
        ("lam hon thu", "dang ky ket hon"),
        ("xin bằng khoán đất", "giay chung nhan quyen su dung dat"),
        ("muốn cất nhà", "cap giay phep xay dung moi"),
        ("dẹp tiệm", "cham dut hoat dong ho kinh doanh"),
        ("lãnh thất nghiệp", "tro cap that nghiep"),
    ],
)
def test_southern_and_everyday_words_lead_to_official_ones(vocabulary: Vocabulary, said: str, meant: str) -> None:
    assert meant in official(vocabulary, said)


def test_marks_keep_words_apart_that_look_alike_without_them(vocabulary: Vocabulary) -> None:
    assert "cap lai" in official(vocabulary, "bị mất rồi")
    assert "cap lai" not in official(vocabulary, "chụp mặt trước")


def test_the_longest_phrase_wins(vocabulary: Vocabulary) -> None:
    found = vocabulary.expand(tokens("mất cccd"))
    assert {expansion.end - expansion.start for expansion in found} == {len(tokens("mất cccd"))}


def test_an_ambiguous_phrase_alone_asks_back_with_codes(vocabulary: Vocabulary) -> None:
    found = vocabulary.ambiguous(tokens("sang ten"))
    assert found is not None
    assert found.question.endswith("?")
    assert [choice.code for choice in found.choices] == ["1.013831", "1.013076"]
    assert vocabulary.ambiguous(tokens("sang tên xe")) is None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("tôi muốn ly hôn", "court"),
        ("cháy nhà rồi", "emergency"),
        ("tôi muốn khiếu nại", "intent"),
        ("giấy hẹn", "note"),
    ],
)
def test_what_no_procedure_answers_is_redirected(vocabulary: Vocabulary, said: str, kind: str) -> None:
    found = vocabulary.redirect(said)
    assert found is not None
    assert found.kind == kind


def test_a_word_inside_a_known_request_redirects_nowhere(vocabulary: Vocabulary) -> None:
    assert vocabulary.redirect("ghi chú ly hôn nước ngoài") is None


def test_every_code_of_the_tables_has_the_shape_of_one(vocabulary: Vocabulary) -> None:
    codes = {code for entry in vocabulary.entries for code in entry.codes}
    assert len(codes) > 100
    assert all(re.fullmatch(r"\d\.\d{6}", code) for code in codes)


def test_an_everyday_request_of_the_tables_belongs_to_one_procedure(vocabulary: Vocabulary) -> None:
    owners: dict[tuple[str, ...], set[str]] = {}
    for entry in vocabulary.entries:
        if entry.codes:
            owners.setdefault(entry.key, set()).update(entry.codes)
    assert not {key: codes for key, codes in owners.items() if len(codes) > 1}


def test_most_codes_of_the_tables_are_in_the_starter_catalogue(vocabulary: Vocabulary) -> None:
    known = {p.code for p in overlay.load(STARTER.glob("*.yml")).procedures}
    codes = {code for entry in vocabulary.entries for code in entry.codes}
    assert len(codes & known) / len(codes) > 0.8


@dataclass(frozen=True)
class Written:
    """A row as the console stores it."""

    everyday: str
    official: str
    ambiguous: bool = False
    note: str | None = None


def test_a_row_of_an_admin_takes_the_place_of_what_ships(vocabulary: Vocabulary) -> None:
    own = vocabulary.with_rows(
        [Written("sang tên", "1.013831"), Written("sạp hàng rong", "đăng ký hộ kinh doanh (1.001612)")],
        {"1.013831": "Đăng ký biến động"},
    )
    assert own.ambiguous(tokens("sang tên")) is None
    assert official(own, "sang tên") == "dang ky bien dong"
    assert official(own, "sạp hàng rong") == "dang ky ho kinh doanh"
    assert vocabulary.ambiguous(tokens("sang tên")) is not None
    assert own.ambiguous(tokens("làm giấy sang tên")) is not None


def test_an_ambiguous_row_of_an_admin_asks_back(vocabulary: Vocabulary) -> None:
    own = vocabulary.with_rows(
        [Written("sổ đỏ", "Sang tên (1.013831) || Làm lại sổ mất = 1.012786", ambiguous=True, note="Việc gì về sổ đỏ?")]
    )
    found = own.ambiguous(tokens("sổ đỏ"))
    assert found is not None
    assert found.question == "Việc gì về sổ đỏ?"
    assert [(c.label, c.code) for c in found.choices] == [("Sang tên", "1.013831"), ("Làm lại sổ mất", "1.012786")]


def test_the_later_of_two_rows_counts(vocabulary: Vocabulary) -> None:
    own = vocabulary.with_rows([Written("lãnh bưu", "bưu chính"), Written("lãnh bưu", "trợ cấp xã hội")])
    assert official(own, "lãnh bưu") == "tro cap xa hoi"


@pytest.mark.parametrize(
    "row",
    [
        Written("", "x"),
        Written(" | ", "1.001193"),
        Written("hú", ""),
        Written("hú", "()"),
        Written("hú", "Một (1.001193)", ambiguous=True),
        Written("hú", "Một (1.001193) || Hai", ambiguous=True),
        Written("hú", "1.001193 || 1.001612", ambiguous=True),
    ],
)
def test_a_row_that_says_nothing_is_refused_with_a_sentence(vocabulary: Vocabulary, row: Written) -> None:
    with pytest.raises(Invalid, match="row"):
        vocabulary.with_rows([row])


def test_tabs_and_lines_in_a_row_do_not_break_the_file(vocabulary: Vocabulary, tmp_path: Path) -> None:
    own = vocabulary.with_rows([Written("đám\tcưới\nxã", "đăng ký\tkết hôn\n1.000894")])
    own.write(tmp_path / FILE)
    assert Vocabulary.of(tmp_path).rows == own.rows
    assert official(Vocabulary.of(tmp_path), "đám cưới xã") == "dang ky ket hon"


def test_a_folder_without_words_has_those_that_ship(vocabulary: Vocabulary, tmp_path: Path) -> None:
    assert Vocabulary.of(tmp_path) is vocabulary


@pytest.mark.parametrize(
    "line", ["citizen\tx", "moon\ta\tb\t", "terms\t\tb\t", "ambiguous\ta\tb\tno choice here", "terms\ta\tb\tc\td"]
)
def test_a_damaged_file_of_words_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / FILE).write_text(f"kind\teveryday\tofficial\tcodes\n{line}\n", encoding="utf-8")
    with pytest.raises(Invalid, match=FILE):
        Vocabulary.read(tmp_path / FILE)
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match=FILE):
        Vocabulary.read(tmp_path / FILE)
