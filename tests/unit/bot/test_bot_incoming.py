"""What is taken from citizens is clean and can be stored anywhere."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import sentences
from bot.incoming import clean, coordinates, shown

anything = st.text(st.characters(exclude_categories=()), max_size=200)

# Other work on the machine must not decide whether a test passes.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(anything)
def test_any_text_becomes_storable_composed_text(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert cleaned == unicodedata.normalize("NFC", cleaned)
    assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in cleaned)
    assert cleaned == cleaned.strip()
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  xin chào \n", "xin chào"),
        ("kha\u0069\u0300 sinh", "khaì sinh"),
        ("Đa\u0306ng ky\u0301", "Đăng ký"),
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\ud800x", "x"),
        ("mã \u202e4321", "mã 4321"),
        ("👨‍👩‍👧 dạ", "👨‍👩‍👧 dạ"),
        ("\x00\x01", ""),
    ],
)
def test_what_harms_goes_and_what_was_written_stays(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize("pair", [(10.38, 105.43), (0, 0), (-90, 180)])
def test_real_coordinates_are_taken(pair: tuple[float, float]) -> None:
    assert coordinates(*pair) == pair


@pytest.mark.parametrize(
    "pair",
    [
        (None, None), ("10", "105"), (math.nan, 1), (1, math.inf), (91, 0), (0, 181), (True, False),
        (10**400, 0), ([1], {}), (0, -10**400),
    ],
)  # fmt: skip
def test_what_is_no_place_on_earth_is_refused(pair: tuple[Any, Any]) -> None:
    assert coordinates(*pair) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"kind": "text", "text": "a"}, "a"),
        ({"kind": "command", "text": "/start"}, "/start"),
        ({"kind": "button", "button": "x", "title": "Có"}, "Có"),
        ({"kind": "button", "button": "x"}, sentences.PRESSED),
        ({"kind": "location", "lat": 1, "lon": 2}, sentences.LOCATION),
        ({"kind": "unsupported"}, sentences.ATTACHMENT),
    ],
)
def test_every_kind_of_message_has_a_face_in_the_history(body: dict[str, Any], expected: str) -> None:
    assert shown(body) == expected
