"""Names of procedures are no questions: none asks for a facet, none is a follow-up, none is a place alone."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from knowledge import questions

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("MOTCUA_SHARED_DATA", ROOT.parent / "shared" / "data"))
DAY = date(2026, 11, 22)


def _facets(text: str) -> frozenset[str]:
    return frozenset(facet.value for facet in questions.read(text, DAY).facets)


# Everyday names that are themselves questions, or that say by which way.
ASKING_NAMES = {
    "căn cước hết hạn đổi ở đâu": {"where"},
    "chưa nhập hộ khẩu ở đâu": {"where"},
    "công an xã làm sai báo ở đâu": {"where"},
    "đăng ký xe mới trên mạng": {"online"},
    "làm cà vẹt online": {"online"},
    "đăng ký xe toàn trình": {"online"},
    "xin biển số tạm trên mạng": {"online"},
    "hòa giải ở xã không xong thì làm gì": {"how"},
    "bán đất đóng thuế bao nhiêu": {"fee"},
    "biển tạm online chạy về đại lý": {"online"},
}


def _starter() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "knowledge" / "starter").glob("*.yml")):
        for procedure in yaml.safe_load(path.read_text(encoding="utf-8"))["procedures"]:
            yield procedure["code"], procedure["name"]
            for name in procedure.get("everyday") or []:
                yield procedure["code"], name


def test_names_of_the_starter_catalogue_ask_nothing() -> None:
    wrong = {}
    for code, name in _starter():
        facets = _facets(name)
        if facets and facets != ASKING_NAMES.get(name, set()):
            wrong[f"{code} {name}"] = sorted(facets)
    assert wrong == {}


def test_names_of_the_starter_catalogue_are_no_follow_ups_and_no_places() -> None:
    empty = [f"{code} {name}" for code, name in _starter() if not questions.read(name, DAY).words]
    assert empty == []


def test_names_of_the_large_catalogue_hardly_ask_anything() -> None:
    path = SHARED / "catalogue" / "province_2754.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the shared catalogue is not here: {path}")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names = [json.loads(line)["name"] for line in file]
    asking = [name for name in names if _facets(name)]
    assert len(asking) <= len(names) // 200, asking
