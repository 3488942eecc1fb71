"""Everyday words: found, not confused, and every table well-formed."""

from __future__ import annotations

import re

import pytest

from knowledge.catalogue import STARTER
from knowledge.importers import overlay
from knowledge.text import tokens
from knowledge.vocabulary import Vocabulary, words


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


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
