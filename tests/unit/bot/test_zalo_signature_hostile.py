"""A webhook's signature is checked whatever its time is made of."""

from __future__ import annotations

import pytest

from bot.channels.zalo_oa.signature import check


@pytest.mark.parametrize("stamp", ['"\\ud800"', '"\\u0000"', "1e400", "NaN", "-1", "true", "null", '["1"]', "9" * 40])
def test_a_time_that_is_none_makes_the_signature_wrong_and_nothing_worse(stamp: str) -> None:
    body = f'{{"timestamp":{stamp}}}'.encode()
    assert check({"X-ZEvent-Signature": "mac=" + "0" * 64}, body, app_id="1", secret="s") is None


@pytest.mark.parametrize("stamp", ["\udcff", "\x00", "9" * 33, "٣"])
def test_so_does_one_in_a_header(stamp: str) -> None:
    headers = {"X-ZEvent-Signature": "mac=\udcff", "X-ZEvent-Timestamp": stamp}
    assert check(headers, b"{", app_id="1", secret="s") is None
