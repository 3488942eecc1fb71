"""Codes of the second factor: the standard's own vectors, drift, replay, garbage."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from desk.second_factor import grouped, picture, step_of, uri

# RFC 6238, appendix B: the secret of its SHA-1 vectors; six digits are the last six of its eight.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = (
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_vectors_of_the_standard_hold(seconds: int, code: str) -> None:
    assert step_of(SECRET, code, datetime.fromtimestamp(seconds, UTC), after=None) == seconds // 30


def test_a_clock_may_be_half_a_minute_off_and_not_more() -> None:
    right = datetime.fromtimestamp(1111111111, UTC)
    for seconds, fine in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
        assert (step_of(SECRET, "050471", right + timedelta(seconds=seconds), after=None) is not None) is fine


def test_a_code_serves_once_and_no_older_one_after_it() -> None:
    moment = datetime.fromtimestamp(1111111111, UTC)
    step = step_of(SECRET, "050471", moment, after=None)
    assert step is not None
    assert step_of(SECRET, "050471", moment, after=step) is None
    assert step_of(SECRET, "081804", moment, after=step) is None
    assert step_of(SECRET, "050471", moment, after=step - 1) == step


def test_blanks_in_a_code_do_not_matter() -> None:
    assert step_of(SECRET, " 050 471 ", datetime.fromtimestamp(1111111111, UTC), after=None) is not None


@pytest.mark.parametrize("code", ["", "05047", "0504711", "٠٥٠٤٧١", "०५०४७१", "abcdef", "050471\x00", "x" * 10_000])
def test_what_is_no_code_is_none(code: str) -> None:
    assert step_of(SECRET, code, datetime.fromtimestamp(1111111111, UTC), after=None) is None


def test_the_picture_tells_an_app_the_account_and_the_secret() -> None:
    told = uri("lan.nguyen", SECRET)
    assert unquote(told).startswith("otpauth://totp/Một cửa:lan.nguyen?")
    assert f"secret={SECRET}" in told
    assert picture("lan.nguyen", SECRET).startswith("data:image/svg+xml")


def test_what_is_typed_by_hand_stands_in_groups() -> None:
    assert re.fullmatch(r"(\w{4} )*\w{4}", grouped(SECRET))
    assert grouped(SECRET).replace(" ", "") == SECRET
