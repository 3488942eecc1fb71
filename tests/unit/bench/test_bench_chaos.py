"""The judge of the chaos benchmark sees what is lost, doubled and out of order."""

from __future__ import annotations

import random

import pytest

from bench._chaos_crowds import Mishaps
from bench.chaos import codes, judge
from tests.fakes._platform import Fault


@pytest.mark.parametrize(
    ("heard", "lost", "doubled", "disordered"),
    [
        (["a", "b", "c"], 0, 0, 0),
        (["a", "c"], 1, 0, 0),
        ([], 3, 0, 0),
        (["a", "b", "b", "c"], 0, 1, 0),
        (["b", "a", "c"], 0, 0, 2),
        (["a", "b", "c", "a"], 0, 1, 0),
        (["c", "c", "a"], 1, 1, 2),
    ],
)
def test_what_went_wrong_is_counted(heard: list[str], lost: int, doubled: int, disordered: int) -> None:
    verdict = judge("web", {0: ["a", "b", "c"]}, {0: heard}, [])
    assert (verdict.lost, verdict.doubled, verdict.disordered) == (lost, doubled, disordered)
    assert verdict.good == (heard == ["a", "b", "c"])


def test_a_send_of_unknown_end_is_no_fault_where_it_arrived_and_one_where_it_did_not() -> None:
    asked = {0: ["a", "b"]}
    assert judge("telegram", asked, {0: ["a", "b"]}, ["b"]).good
    bad = judge("telegram", asked, {0: ["a"]}, ["b"])
    assert (bad.lost, bad.unknown, bad.unknown_lost) == (1, 1, 1)


def test_codes_are_all_different_and_the_same_for_the_same_seed() -> None:
    found = codes(2000, random.Random(1))
    assert len(set(found)) == 2000
    assert found == codes(2000, random.Random(1))


def test_the_wanted_share_of_sends_goes_wrong_in_every_way() -> None:
    kinds = {"429": (Fault(429), 4), "swallowed": (Fault(cut="after"), 1)}
    mishaps = Mishaps("sendmessage", 0.2, kinds, random.Random(1))
    happened = [fault for _ in range(2000) if (fault := mishaps("sendmessage", "7")) is not None]
    assert 330 < len(happened) < 470
    assert 200 < mishaps.seen["429"] == sum(fault.code == 429 for fault in happened)
    assert 40 < mishaps.seen["swallowed"] == sum(fault.cut == "after" for fault in happened)
    assert not any(mishaps("getupdates", "7") for _ in range(100))
